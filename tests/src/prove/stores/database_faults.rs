//! Proof of PostgreSQL that accepts no writes, under a server that dials: it hangs (all its processes
//! stopped), it is killed and restarted, it is made read-only. `/readyz` reports that with the reason, no
//! call is dialed meanwhile, the server becomes ready again by itself, and no call is lost. How soon is
//! judged in the long form. In the short form the dials of a second may still be on their way at the report.

use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::time_left;
use crate::postgres::PostgresServer;
use crate::program::{deadline, instant};
use crate::prove::{Form, records};
use crate::server::Server;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest time until the server reports that it is not ready: appends without a response count as stuck
/// after 3 s, a lock is given up after 5 s, and the machine is loaded.
const SAID_WITHIN: Duration = Duration::from_secs(12);

/// The longest time until it reports ready again: a refused append counts for 10 s, and a killed server
/// recovers.
const BACK_WITHIN: Duration = Duration::from_secs(40);

/// How long the fault lasts after the report: long enough for several rounds of the dialer.
const HELD: Duration = Duration::from_secs(3);

/// How long dials that were stored before the fault may take to reach the carrier; judged in the long form.
const ON_THEIR_WAY: Duration = Duration::from_millis(500);

/// The most of these dials that reach the carrier after the report, in the short form: those of a second.
const ON_THEIR_WAY_MAX: usize = DIALS_PER_SECOND;

/// The most dials that the trunk starts per second.
const DIALS_PER_SECOND: usize = 4;

/// A fault of the database: its name, how it is caused, and how it is undone.
type Fault = (&'static str, fn(&PostgresServer), fn(&PostgresServer));

const FAULTS: &[Fault] = &[
    (
        "stopped",
        |server| server.signal_all("STOP"),
        |server| {
            server.signal_all("CONT");
        },
    ),
    ("killed", PostgresServer::kill, PostgresServer::restart),
    (
        "read_only",
        |server| server.set_read_only("on"),
        |server| server.set_read_only("off"),
    ),
];

/// Runs the proof. The short form only lets the database hang, which no connection reports.
pub(super) fn prove(form: Form, server: &PostgresServer) -> Value {
    let faults = match form {
        Form::Short => FAULTS.get(..1).unwrap_or(FAULTS),
        Form::Long => FAULTS,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let data = folder.path().join("data");
    let trunk = format!(
        "{};dials-per-second={DIALS_PER_SECOND};legs-max=20",
        carrier.trunk()
    );
    let mut command = Server::command(&data, &trunk);
    command.args(["--store", &server.url()]);
    let mut serve = Server::of(command, &data);
    let mut wrong = Vec::new();
    if !serve.wait_ready() {
        return json!({"holds": false, "wrong": ["it does not become ready"]});
    }
    serve.call("HELD", &records(120, 5));
    let mut said = serde_json::Map::new();
    for (name, begin, end) in faults {
        let dialed = carrier.lines().len();
        if !carrier.has_more_than(dialed, form.waits(BACK_WITHIN)) {
            wrong.push(format!("{name}: no call was dialed before it"));
        }
        begin(server);
        let found = held(form, &serve, &carrier, &mut wrong, name);
        end(server);
        let began = instant();
        if !serve.says_ready(form.waits(BACK_WITHIN)) {
            wrong.push(format!("{name}: not ready again"));
        }
        let back_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
        said.insert((*name).to_owned(), json!({"held": found, "back_ms": back_ms}));
    }
    let dialed = carrier.lines().len();
    if !carrier.has_more_than(dialed, form.waits(BACK_WITHIN)) {
        wrong.push("no call is dialed afterwards".to_owned());
    }
    if !serve.drains() {
        wrong.push("it did not drain".to_owned());
    }
    let history = History::read_store(&server.url());
    judge(&history, &carrier, &mut wrong);
    json!({"faults": said, "calls": carrier.lines().len(), "holds": wrong.is_empty(), "wrong": wrong})
}

/// Waits until the server reports that it is not ready, then checks that no call is dialed.
fn held(form: Form, serve: &Server, carrier: &CarrierProcess, wrong: &mut Vec<String>, name: &str) -> Value {
    let within = form.waits(SAID_WITHIN);
    let began = instant();
    let no = serve.says_not_ready(within);
    let said_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    let Some(why) = no else {
        wrong.push(format!("{name}: it says to be ready for {within:?}"));
        return json!({});
    };
    let asked = serve.get("/readyz").map(|reply| reply.status);
    if asked != Ok(503) {
        wrong.push(format!("{name}: /readyz responds with {asked:?}"));
    }
    if !["database", "unavailable", "not answered"]
        .iter()
        .any(|said| why.contains(said))
    {
        wrong.push(format!("{name}: no reason: {why}"));
    }
    let mut before = carrier.lines().len();
    let most = match form {
        Form::Short => ON_THEIR_WAY_MAX,
        Form::Long => {
            let until = deadline(ON_THEIR_WAY);
            while carrier.has_more_than(carrier.lines().len(), time_left(until)) {}
            before = carrier.lines().len();
            0
        }
    };
    let dialed = || carrier.lines().len() - before;
    // Ends when nothing was dialed for as long as the fault is held, or when too much was.
    while carrier.has_more_than(carrier.lines().len(), HELD) && dialed() <= most {}
    let meanwhile = dialed();
    if meanwhile > most {
        wrong.push(format!("{name}: {meanwhile} calls were dialed meanwhile"));
    }
    json!({"said_ms": said_ms, "why": why, "dialed_meanwhile": meanwhile})
}

/// Checks that no call is lost, and that no leg exists without a record.
fn judge(history: &History, carrier: &CarrierProcess, wrong: &mut Vec<String>) {
    let dialed: std::collections::BTreeSet<&str> = history
        .of("call.dialing")
        .filter_map(|event| member(event, "/data/sip_call_id").as_str())
        .collect();
    let lines = carrier.lines();
    let unknown = lines
        .keys()
        .filter(|call_id| !dialed.contains(call_id.as_str()))
        .count();
    let twice = lines.values().filter(|line| line.invites > 1).count();
    for (count, what) in [
        (history.unfinished().len(), "calls are not finished"),
        (history.gaps(), "positions are missing"),
        (unknown, "legs have no event"),
        (twice, "legs were invited twice"),
    ] {
        if count > 0 {
            wrong.push(format!("{count} {what}"));
        }
    }
}
