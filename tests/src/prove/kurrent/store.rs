//! Proof of a server with its log in KurrentDB: `serve --store kurrent://…` on the endpoint of another
//! process.
//!
//! Customers are imported and called over SIP while the process that has the log is killed and started again;
//! then the server itself is stopped and started. What it returned over HTTP, its views, its proof and the
//! carrier's records are compared with the log of the other process.

use super::{KurrentServer, compare_ids, log};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::{HUNG_AFTER, ask_on};
use crate::program::{Program, fail, run, run_json};
use crate::prove::reconcile::compare;
use crate::prove::{Form, records};
use crate::server::{REHEARSAL, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The error text of a build without the client.
const NOT_BUILT: &str = "this build has no KurrentDB client";

/// The longest wait for calls; customers of the long form are called several times.
const CALLED: Duration = Duration::from_secs(300);

const CAMPAIGN: &str = "/api/v1/campaigns/KURRENT";

/// The processes and folders of this proof.
struct KurrentStoreRun {
    host: KurrentServer,
    host_data: std::path::PathBuf,
    own_data: std::path::PathBuf,
    port: String,
    kills: u32,
}

/// Returns why the proof cannot run here; `None` if it can.
pub(super) fn missing() -> Option<String> {
    let asked = run(&["events", "read", "--store", "kurrent://127.0.0.1:9?tls=false"]);
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    said.contains(NOT_BUILT)
        .then(|| format!("{NOT_BUILT}: cargo build --package ledgerline-cli --features kurrent"))
}

pub(super) fn with_our_store(form: Form) -> Value {
    let customers: u32 = match form {
        Form::Short => 6,
        Form::Long => 30,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let trunk = format!("{};dials-per-second=20", carrier.trunk());
    let (host_data, own_data) = (folder.path().join("host"), folder.path().join("own"));
    std::fs::create_dir(&host_data).expect("a new folder can be made");
    let host = KurrentServer::start(&host_data, "0", HOST);
    let port = host.port().to_owned();
    let mut stage = KurrentStoreRun {
        host,
        host_data,
        own_data,
        port,
        kills: 0,
    };
    let mut server = stage.serve(&trunk);
    begin(&server, customers);
    let is_dialed = server.is_on_board("KURRENT", CALLED, |board| {
        member(board, "/dialed").as_u64().is_some_and(|dialed| dialed > 0)
    });
    let dialed = is_dialed.then_some(());
    stage.kill_host();
    let resumed = stage.wait_writable(&server);
    let done = match form {
        Form::Short => dialed,
        Form::Long => server.is_completed("KURRENT", CALLED).then_some(()),
    };
    if form == Form::Short {
        server.must_post(&format!("{CAMPAIGN}/pause"), &json!({"reason": "shown enough"}));
    }
    let first_stop = stop(&mut server.program);
    server = stage.serve(&trunk);
    let read_again = events_listed(&server);
    let second_stop = stop(&mut server.program);
    let found = stage.examine(&carrier);
    let holds = [resumed, done].iter().all(Option::is_some)
        && first_stop
        && second_stop
        && read_again > 0
        && member(&found, "/holds") == true;
    json!({"holds": holds, "customers": customers, "kills_of_the_log": stage.kills, "events_listed": read_again,
        "resumed": resumed.is_some(), "done": done.is_some(), "stopped": [first_stop, second_stop], "found": found})
}

/// The arguments of the host, which is a rehearsal too, so that the event it writes itself has the same time.
pub(super) const HOST: &[&str] = &["--kurrent-append", "--rehearse-at", REHEARSAL];

/// Imports customers and starts to call them.
fn begin(server: &Server, customers: u32) {
    server.call("KURRENT", &records(customers, 7));
}

fn stop(program: &mut Program) -> bool {
    program.drains(HUNG_AFTER)
}

/// Returns the number of events on the first page of the list over HTTP.
fn events_listed(server: &Server) -> usize {
    let reply = server.get("/api/v1/events?limit=100");
    reply.map_or(0, |reply| {
        member(&reply.body, "/items").as_array().map_or(0, Vec::len)
    })
}

impl KurrentStoreRun {
    fn url(&self) -> String {
        self.host.store()
    }

    /// Starts a server with a data directory of its own on the host's log, which opens only with the host's
    /// keys, because that process named it.
    fn serve(&self, trunk: &str) -> Server {
        let mut command = Server::command(&self.own_data, trunk);
        command
            .args(["--store", &self.url()])
            .arg("--keys")
            .arg(self.host_data.join("keys"));
        let mut server = Server::of(command, &self.own_data);
        if !server.wait_ready() {
            fail("a server on a KurrentDB log does not become ready");
        }
        server
    }

    /// Kills the process that has the log, and starts it again at the same address.
    fn kill_host(&mut self) {
        self.host.program.kill();
        self.host = KurrentServer::start(&self.host_data, &self.port, HOST);
        self.kills += 1;
    }

    /// Waits until a command is accepted; after a refusal, until the server reports that it is ready.
    fn wait_writable(&self, server: &Server) -> Option<()> {
        ask_on(HUNG_AFTER, || {
            let body = json!({"reason": "asked"});
            let reply = server.post("/api/v1/numbers/13800138000/opt-out", &body).ok();
            let is_taken = reply.is_some_and(|reply| reply.status < 300);
            (is_taken || !server.says_ready(HUNG_AFTER)).then_some(is_taken)
        })
        .and_then(|is_taken| is_taken.then_some(()))
    }

    /// Compares views, proof, carrier and both readings of the log.
    fn examine(&mut self, carrier: &CarrierProcess) -> Value {
        let url = self.url();
        let own = self.own_data.to_string_lossy().into_owned();
        let on_it = ["--store", &url, "--data", &own];
        let verified = run_json(&[&["audit", "verify"], &on_it[..], &["--json"]].concat());
        let rows = run(&[&["projections", "verify"], &on_it[..]].concat());
        let history = History::read_store(&url);
        let seen: Vec<String> = history
            .events
            .iter()
            .filter_map(|event| Some(member(event, "/id").as_str()?.to_owned()))
            .collect();
        let disagreements = compare(&history, &carrier.lines());
        let host_stopped = stop(&mut self.host.program);
        let compared = compare_ids(&seen, &log::ids(Path::new(&self.host_data)));
        let verified = verified.is_ok_and(|(status, _)| status.success());
        let holds = verified
            && rows.status.success()
            && host_stopped
            && compared.is_ok()
            && history.unfinished().is_empty()
            && disagreements.wrong.is_empty();
        json!({"holds": holds, "events": format!("{compared:?}"), "audit_verify": verified,
            "projections_verify": rows.status.success(), "unfinished": history.unfinished().len(),
            "calls": history.calls().len(), "matched": disagreements.matched, "mismatched": disagreements.wrong})
    }
}
