//! The history can be proved: a real rehearsal's log is meddled with in every way, its bundles are altered,
//! other people's tools check both, and a witness remembers what a rolled-back log would deny.

mod bundles;
mod meddling;
mod others;
mod vectors;
mod witness;

use super::crash::records;
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::program::{command, fail, ledgerline, read};
use crate::server::Server;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use witness::WitnessProcess;

/// What a campaign of a few people must end within.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// A finished rehearsal whose checkpoints a witness cosigned.
struct Rehearsal {
    folder: tempfile::TempDir,
    data: PathBuf,
    /// The same directory as it was before the campaign.
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

/// A few events, then a campaign, in a directory that is copied in between.
fn rehearse(customers: u32) -> Rehearsal {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let data = folder.path().join("data");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    // The log's key is made at its first start, and a witness knows its logs by their keys.
    stop(Server::start(&data, &carrier.trunk()));
    let checkpoint = audit(&["checkpoint", "--data", &text(&data)]);
    assert!(checkpoint.status.success(), "{checkpoint:?}");
    let key = read(&data.join("proof/log.vkey")).trim().to_owned();
    let witness = WitnessProcess::start(folder.path(), &key);
    let earlier = folder.path().join("earlier");
    let mut server = watched(&data, &carrier, &witness);
    suppress(&server, 0..3);
    stop(server);
    copy(&data, &earlier);
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

/// A server whose checkpoints the witness sees.
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

/// Events that need no calls, each of another number.
fn suppress(server: &Server, numbers: Range<u32>) {
    for index in numbers {
        let path = format!("/api/v1/numbers/139{:08}/suppress", 20_000_000 + index);
        server.must_post(&path, &json!({"reason": "asked"}));
    }
}

fn stop(mut server: Server) {
    assert!(server.drains(), "the server drains");
}

fn copy(from: &Path, to: &Path) {
    let copied = command("cp").arg("-a").args([from, to]).status();
    assert!(
        copied.is_ok_and(|status| status.success()),
        "the directory is copied"
    );
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `ledgerline audit …` to its end.
fn audit(args: &[&str]) -> Output {
    let output = command(ledgerline()).arg("audit").args(args).output();
    output.unwrap_or_else(|error| fail(&error.to_string()))
}

/// Its exit code, which says more than that it failed.
fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Counts of attempts, and what went otherwise than it must.
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
    let others = others::prove(&rehearsal);
    let witnessed = witness::prove(&rehearsal);
    let vectors = vectors::compare();
    // Last: it writes into the log's own file, and puts back what it changed.
    let log = meddling::prove(&rehearsal, form);
    let parts = [&log, &bundles, &others, &witnessed, &vectors];
    let holds = parts.iter().all(|part| clean(part));
    Proof {
        line: json!({"proof": "audit", "log": log, "bundles": bundles, "others": others, "witness": witnessed,
            "vectors": vectors}),
        holds,
    }
}

/// Writes `verify/vectors/` anew.
pub(crate) fn write_vectors() -> Proof {
    Proof {
        line: json!({"proof": "audit-vectors", "written": vectors::write()}),
        holds: true,
    }
}

/// Nothing below is a list of wrongs with something in it.
fn clean(part: &Value) -> bool {
    match part {
        Value::Object(members) => members.iter().all(|(name, value)| match value {
            Value::Array(items) if name == "wrong" => items.is_empty(),
            other => clean(other),
        }),
        _ => true,
    }
}
