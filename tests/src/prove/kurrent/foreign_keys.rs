//! Proof of foreign keys on a log in KurrentDB: the server exits before it reads, writes or dials anything,
//! as on the other stores (decision 0040).

use super::KurrentServer;
use super::store::{HOST, missing};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::{command, ledgerline};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// The exit code of a command that a rule refuses.
const REFUSED: i32 = 3;

/// Runs the proof and returns its result. Skipped with a message in a build without the client.
pub(crate) fn check_refused_keys() -> Value {
    if let Some(reason) = missing() {
        return json!({"skipped": reason});
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let (host_data, foreign) = (folder.path().join("host"), folder.path().join("foreign"));
    std::fs::create_dir(&host_data).expect("a new folder can be made");
    let host = KurrentServer::start(&host_data, "0", HOST);
    let url = host.store();
    // Another installation with complete keys, which are right for its own log.
    let mut other = Server::start(&foreign, &carrier.trunk());
    other.program.signal("TERM");
    let is_made = other.program.wait(HUNG_AFTER).is_some();
    let before = History::read_store(&url).events.len();
    let cases = [("own", &host_data), ("foreign", &foreign)].map(|(name, keys_of)| {
        let data = folder.path().join(format!("with-{name}"));
        try_keys(&url, &carrier, &data, &keys_of.join("keys"))
    });
    let after = History::read_store(&url).events.len();
    let [own, foreign] = &cases;
    let holds = is_made
        && before > 0
        && member(own, "/ready") == true
        && member(foreign, "/ready") == false
        && member(foreign, "/exit") == REFUSED
        && member(foreign, "/says_keys") == true
        && member(foreign, "/events_written") == 0
        && carrier.lines().is_empty();
    json!({"holds": holds, "own": own, "foreign": foreign, "events": [before, after]})
}

/// Starts a server on the log with these keys, and stops it if it becomes ready.
fn try_keys(url: &str, carrier: &CarrierProcess, data: &Path, keys: &Path) -> Value {
    let said = data.with_extension("said");
    let mut shell = command("sh");
    shell
        .arg("-c")
        .arg(format!("exec \"$0\" \"$@\" 2>>'{}'", said.display()));
    shell.arg(ledgerline());
    let before = History::read_store(url).events.len();
    let mut serve = Server::wrapped(shell, data, &carrier.trunk());
    serve.args(["--store", url]).arg("--keys").arg(keys);
    let mut server = Server::of(serve, data);
    let is_ready = server.wait_ready();
    if is_ready {
        server.program.signal("TERM");
    }
    let exit = server.program.wait(HUNG_AFTER);
    let why = std::fs::read_to_string(&said).unwrap_or_default();
    let written = History::read_store(url).events.len() - before;
    json!({"ready": is_ready, "exit": exit.and_then(|status| status.code()), "says_keys": why.contains("keys"),
        "why": why.lines().next_back(), "events_written": written})
}
