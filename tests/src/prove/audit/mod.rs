//! Proof that the history can be proved: the log of a real rehearsal is changed in every way, its bundles are
//! altered, external tools check both, and a witness detects a rolled-back log.

mod bundles;
mod external_verifiers;
mod tampering;
mod vectors;
mod witness;

use super::crash::records;
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::program::{command, copy_folder, fail, ledgerline, read};
use crate::server::Server;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use witness::WitnessProcess;

/// The longest time until a campaign of a few customers is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// A finished rehearsal, and its checkpoints with the signatures of a witness.
struct Rehearsal {
    folder: tempfile::TempDir,
    data: PathBuf,
    /// A copy of the directory before the campaign.
    earlier: PathBuf,
    key: String,
    witness: WitnessProcess,
    carrier: CarrierProcess,
}

impl Rehearsal {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Creates some events, copies the directory, and runs a campaign.
fn rehearse(customers: u32) -> Rehearsal {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let data = folder.path().join("data");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    // The log's key is created at its first start, and a witness knows its logs by their keys.
    stop(Server::start(&data, &carrier.trunk()));
    let checkpoint = audit(&["checkpoint", "--data", &text(&data)]);
    assert!(checkpoint.status.success(), "{checkpoint:?}");
    let key = read(&data.join("proof/log.vkey")).trim().to_owned();
    let witness = WitnessProcess::start(folder.path(), &key);
    let earlier = folder.path().join("earlier");
    let mut server = watched(&data, &carrier, &witness);
    suppress(&server, 0..3);
    stop(server);
    copy_folder(&data, &earlier);
    server = watched(&data, &carrier, &witness);
    call(&server, "AUDIT", customers, 1);
    stop(server);
    Rehearsal {
        folder,
        data,
        earlier,
        key,
        witness,
        carrier,
    }
}

/// Starts a server that sends its checkpoints to the witness.
fn watched(data: &Path, carrier: &CarrierProcess, witness: &WitnessProcess) -> Server {
    let mut serve = Server::command(data, &carrier.trunk());
    serve.args(["--witness", &witness.spec()]);
    let mut server = Server::of(serve, data);
    if !server.wait_ready() {
        fail("the server does not become ready");
    }
    server
}

fn call(server: &Server, campaign: &str, customers: u32, salt: u32) {
    server.call_to_the_end(campaign, &records(customers, salt), SETTLED_WITHIN);
}

/// Creates events without calls, each about another number.
fn suppress(server: &Server, numbers: Range<u32>) {
    for index in numbers {
        let path = format!("/api/v1/numbers/139{:08}/suppress", 20_000_000 + index);
        server.must_post(&path, &json!({"reason": "asked"}));
    }
}

fn stop(mut server: Server) {
    assert!(server.drains(), "the server drains");
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Runs `ledgerline audit …` to its end.
fn audit(args: &[&str]) -> Output {
    let output = command(ledgerline()).arg("audit").args(args).output();
    output.unwrap_or_else(|error| fail(&error.to_string()))
}

/// Returns the exit code: its value matters, not only success.
fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Counts attempts and collects those with a wrong result.
#[derive(Default)]
struct Tally {
    tried: u64,
    wrong: Vec<String>,
}

impl Tally {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.tried += 1;
        if !holds {
            self.wrong.push(what());
        }
    }

    fn value(&self) -> Value {
        let shown: Vec<&String> = self.wrong.iter().take(10).collect();
        json!({"tried": self.tried, "as_it_must": self.tried - self.wrong.len() as u64, "wrong": shown})
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    let customers = match form {
        Form::Short => 4,
        Form::Long => 20,
    };
    let rehearsal = rehearse(customers);
    let bundles = bundles::prove(&rehearsal, form);
    let others = external_verifiers::prove(&rehearsal);
    let witnessed = witness::prove(&rehearsal);
    let vectors = vectors::compare();
    // Last, because it writes into the log's own file and restores it.
    let log = tampering::prove(&rehearsal, form);
    let parts = [&log, &bundles, &others, &witnessed, &vectors];
    let holds = parts.iter().all(|part| clean(part));
    Proof {
        line: json!({"proof": "audit", "log": log, "bundles": bundles, "others": others, "witness": witnessed,
            "vectors": vectors}),
        holds,
    }
}

/// Writes the files of `verify/vectors/` again.
pub(crate) fn write_vectors() -> Proof {
    Proof {
        line: json!({"proof": "audit-vectors", "written": vectors::write()}),
        holds: true,
    }
}

/// Returns true if every list named `wrong` in the result is empty.
fn clean(part: &Value) -> bool {
    match part {
        Value::Object(members) => members.iter().all(|(name, value)| match value {
            Value::Array(items) if name == "wrong" => items.is_empty(),
            other => clean(other),
        }),
        _ => true,
    }
}
