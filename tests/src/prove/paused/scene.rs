//! What the cases of the proof share: starting servers, creating and importing campaigns, ending both.

use crate::answering_carrier::{AnsweringCarrier, RetransmitPolicy};
use crate::passing_time::{HUNG_AFTER, ask_on};
use crate::program::{command, fail, ledgerline};
use crate::prove::{BUNDLED_TEXT, records};
use crate::server::{REHEARSAL, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A port on which nothing answers.
pub(super) const DEAD_TRUNK: &str = "sip:127.0.0.1:9";

/// A folder with the data directory of one server.
pub(super) struct Scene {
    pub(super) folder: TempDir,
}

impl Scene {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { folder }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts a rehearsal on these trunks.
    pub(super) fn serve(&self, trunks: &[&str]) -> Server {
        begin(rehearsal(&self.data(), trunks, REHEARSAL), &self.data())
    }
}

/// Returns the command of a rehearsal at an instant, on these trunks.
pub(super) fn rehearsal(data: &Path, trunks: &[&str], at: &str) -> Command {
    let mut serve = real(data, trunks);
    serve.args(["--rehearse-at", at]);
    serve
}

/// Returns the command of a server with the machine's clock, on these trunks.
pub(super) fn real(data: &Path, trunks: &[&str]) -> Command {
    let mut serve = command(ledgerline());
    serve.arg("serve").arg("--data").arg(data);
    serve.args(["--http", "127.0.0.1:0", "--drain", "60s"]);
    for trunk in trunks {
        serve.args(["--trunk", trunk]);
    }
    serve
}

pub(super) fn begin(serve: Command, data: &Path) -> Server {
    let mut server = Server::of(serve, data);
    if !server.wait_ready() {
        fail("a server of the proof does not become ready");
    }
    server
}

/// Ends a server at once, live calls or not.
pub(super) fn end(mut server: Server) {
    server.program.kill();
}

/// Returns a campaign with a text that needs no synthesizer, open from 09:00 to 18:00 in Beijing.
pub(super) fn campaign(id: &str, more: &Value) -> Value {
    let mut body = json!({
        "task_id": id,
        "customer_segment": "overdue_3_days",
        "script_template": BUNDLED_TEXT,
        "schedule": {"start_time": "09:00", "end_time": "18:00", "max_concurrent": 200},
        "ring_timeout_ms": 60_000,
        "retry_policy": {"retries_max": 0, "uncharged_max": 0, "rules": {}},
    });
    if let (Some(members), Some(more)) = (body.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    body
}

/// Creates a campaign, imports these many customers and starts it.
pub(super) fn run(server: &Server, id: &str, more: &Value, people: u32) {
    server.must_post("/api/v1/campaigns", &campaign(id, more));
    let salt = id.bytes().map(u32::from).sum::<u32>() % 997;
    let list = json!({"task_id": id, "records": records(people, salt)});
    server.must_post("/api/v1/tasks/data", &list);
    server.must_post(&format!("/api/v1/campaigns/{id}/start"), &json!({}));
}

/// Starts a carrier on which every call rings until it is answered or given up.
pub(super) fn ringing() -> AnsweringCarrier {
    AnsweringCarrier::start(RetransmitPolicy::UntilAcknowledged)
}

/// Waits until so many calls ring.
pub(super) fn wait_ringing(carrier: &AnsweringCarrier, count: usize) {
    let rings = ask_on(HUNG_AFTER, || (carrier.legs().len() >= count).then_some(()));
    if rings.is_none() {
        fail("no call of the proof rings");
    }
}
