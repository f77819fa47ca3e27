//! Proof of the KurrentDB endpoint with the official Python and Node clients: read, filter, follow,
//! reconnect.
//!
//! Each client reads a log of real records with gaps between their positions, is refused an append while the
//! endpoint is read-only, and then follows while the server is killed twice and records are appended through
//! the endpoint. What it received is compared with the log: every event, once, in order. Then a server of
//! ours stores its log there (`store`), in builds that have the client.

mod clients;
mod foreign_keys;
mod log;
mod store;

pub(super) use foreign_keys::check_refused_keys;

use super::{Form, Proof, skipped};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, ledgerline};
use crate::server_tokens;
use clients::Peer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The longest time of one step of a client; the long form reads 100,000 events several times.
const STEP: Duration = Duration::from_secs(240);

/// The size of a form.
struct Size {
    per_stream: u64,
    appended: u64,
}

pub(crate) fn prove(form: Form) -> Proof {
    let size = match form {
        Form::Short => Size {
            per_stream: 125,
            appended: 100,
        },
        Form::Long => Size {
            per_stream: 2_500,
            appended: 1_000,
        },
    };
    // A part that could not run proves nothing.
    let (mut holds, mut ran_count) = (true, 0);
    let mut line = json!({"proof": "kurrent", "events": size.per_stream * log::STREAMS});
    for made in [clients::python(), clients::node()] {
        let (name, found) = match made {
            Ok(peer) => (peer.name, with_client(&peer, &size)),
            Err((name, reason)) => (name, json!({"skipped": reason})),
        };
        if member(&found, "/skipped").is_null() {
            ran_count += 1;
            holds &= member(&found, "/holds") == true;
        }
        if let Some(members) = line.as_object_mut() {
            members.insert(name.to_owned(), found);
        }
    }
    let found = match store::missing() {
        None => store::with_our_store(form),
        Some(reason) => json!({"skipped": reason}),
    };
    if member(&found, "/skipped").is_null() {
        ran_count += 1;
        holds &= member(&found, "/holds") == true;
    }
    if let Some(members) = line.as_object_mut() {
        members.insert("store".to_owned(), found);
    }
    let found = check_refused_keys();
    if member(&found, "/skipped").is_null() {
        holds &= member(&found, "/holds") == true;
    }
    if let Some(members) = line.as_object_mut() {
        members.insert("foreign_keys".to_owned(), found);
    }
    if ran_count == 0 {
        return skipped(
            "kurrent",
            "no client could be installed, and our store has nothing to run on",
        );
    }
    Proof { line, holds }
}

/// A `serve` process with a listening KurrentDB endpoint.
struct KurrentServer {
    program: Program,
    address: String,
    token: String,
}

impl KurrentServer {
    /// Starts a server on a port, 0 for any; `more` are further arguments.
    fn start(data: &Path, port: &str, more: &[&str]) -> Self {
        let mut serve = command(ledgerline());
        serve.arg("serve").arg("--data").arg(data);
        serve.args(["--http", "127.0.0.1:0", "--kurrent-gaps", "--kurrent-listen"]);
        serve.arg(format!("127.0.0.1:{port}")).args(more);
        let program = Program::start(serve);
        let said = program.says("kurrent ", HUNG_AFTER, |_| true);
        let address = said.and_then(|url| {
            let (_, place) = url.split_once("://")?;
            Some(place.split_once('?')?.0.to_owned())
        });
        let address = address.unwrap_or_else(|| fail("the server's KurrentDB endpoint does not listen"));
        let token = server_tokens::token(data).unwrap_or_else(|| fail("a server that listens has a token"));
        Self {
            program,
            address,
            token,
        }
    }

    /// Returns the URL of its log as a store: the token is the password of any user.
    fn store(&self) -> String {
        format!("kurrent://anyone:{}@{}?tls=false", self.token, self.address)
    }

    fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or("0")
    }
}

/// The event with the log's fingerprint, which the first server adds.
const NAMES: u64 = 1;

/// Returns what a client should find, for its command `check`.
fn plan(size: &Size) -> Value {
    let other = log::of_other_type(size.per_stream);
    let streams = log::STREAMS;
    let events = size.per_stream * streams;
    let stream = log::stream(7);
    let first_ten = format!("number-{:031x}", 0);
    json!({
        "events": events + NAMES,
        "recorded_at_ms": 1_772_416_800_000_i64,
        "stream": stream.as_str(),
        "of_stream": size.per_stream,
        "rare": {"type": "number.suppressed", "events": other * streams},
        "filters": {
            "type by prefix": {"options": {"filter_include": ["number.sup"], "filter_by_prefix": true},
                "node": {"filterOn": "eventType", "prefixes": ["number.sup"]}, "events": other * streams},
            "type by expression": {"options": {"filter_include": ["number\\.(dial|call)_.*"]},
                "node": {"filterOn": "eventType", "regex": "^number\\.(dial|call)_.*$"},
                "events": (size.per_stream - other) * streams},
            "stream by prefix": {"options": {"filter_include": [first_ten], "filter_by_prefix": true,
                "filter_by_stream_name": true}, "node": {"filterOn": "streamName", "prefixes": [first_ten]},
                "events": 16 * size.per_stream},
            "stream by expression": {"options": {"filter_include": [".*[02468ace]"], "filter_by_stream_name": true},
                "node": {"filterOn": "streamName", "regex": "^.*[02468ace]$"}, "events": events / 2},
            "nothing": {"options": {"filter_include": ["call."], "filter_by_prefix": true},
                "node": {"filterOn": "eventType", "prefixes": ["call."]}, "events": 0},
        },
    })
}

fn with_client(peer: &Peer, size: &Size) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a new folder can be made");
    log::fill(&data, size.per_stream);
    make_rows(&data);
    let write = |name: &str, text: String| -> PathBuf {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a temporary folder can be written");
        file
    };
    let plan = write("plan.json", plan(size).to_string());
    let lines = write(
        "lines.jsonl",
        log::make_following_appends(size.per_stream, size.appended),
    );
    let ids = folder.path().join("ids.txt");
    let events = size.per_stream * log::STREAMS;
    let total = events + NAMES + size.appended;

    // While the endpoint is read-only, everything is read and nothing appended.
    let mut served = KurrentServer::start(&data, "0", &[]);
    let checked = last_line(peer.command("check", &served, &[&plan]));
    // The client follows from the start. The server is killed while it catches up, and again when it is live.
    let mut follow = peer.command("follow", &served, &[&ids]);
    follow.arg(total.to_string());
    let mut follower = Program::start_with_input(follow);
    let first_cut = seen(&mut follower, events / 3);
    served.program.kill();
    let port = served.port().to_owned();
    served = KurrentServer::start(&data, &port, &["--kurrent-append"]);
    follower.tell("up");
    let second_cut = seen(&mut follower, events);
    served.program.kill();
    served = KurrentServer::start(&data, &port, &["--kurrent-append"]);
    follower.tell("up");
    let appended = last_line(peer.command("append", &served, &[&lines]));
    let end = seen(&mut follower, total);
    let cuts = follower
        .seen()
        .iter()
        .filter(|line| line.contains("cut_after"))
        .count();
    served.program.signal("TERM");
    let stopped = served
        .program
        .wait(HUNG_AFTER)
        .is_some_and(|status| status.success());

    let compared = compare(&data, &ids);
    let wrong = member(&checked, "/wrong").as_array().map_or(usize::MAX, Vec::len);
    let holds = wrong == 0
        && first_cut.is_some()
        && second_cut.is_some()
        && end.is_some()
        && cuts >= 2
        && stopped
        && compared.as_ref().is_ok_and(|seen| *seen == total)
        && member(&appended, "/failed").is_null();
    json!({"holds": holds, "checked": checked, "followed": format!("{compared:?}"), "cuts": cuts,
        "appended": appended, "stopped": stopped})
}

/// Fills the views of the log before a server starts. Otherwise the server must catch up with 100,000 events
/// and raises an alert, which is an event that the plans here do not know. A query waits for all views and
/// writes no event.
fn make_rows(data: &Path) {
    let mut question = command(ledgerline());
    question.args(["campaign", "list", "--data"]).arg(data);
    let mut program = Program::start(question);
    let made = program.wait(STEP).is_some_and(|status| status.success());
    assert!(made, "the rows of a new log can be made: {:?}", program.seen());
}

/// Runs a client to its end. Returns its last line, or why there is none.
fn last_line(client: Command) -> Value {
    let mut program = Program::start(client);
    let status = program.wait(STEP);
    let last = program.seen().last().cloned().unwrap_or_default();
    match (
        status.map(|status| status.success()),
        serde_json::from_str::<Value>(&last),
    ) {
        (Some(true), Ok(value)) => value,
        (_, said) => json!({"failed": format!("{status:?}"), "said": said.unwrap_or(Value::Null)}),
    }
}

/// Waits until a follower reports that it has seen so many events.
fn seen(follower: &mut Program, at_least: u64) -> Option<u64> {
    let count =
        |line: &str| -> Option<u64> { serde_json::from_str::<Value>(line).ok()?.get("seen")?.as_u64() };
    let line = follower.line(STEP, |line| count(line).is_some_and(|seen| seen >= at_least))?;
    count(&line)
}

/// Compares the ids that a client saw with the log. Returns their number if all are the same and in order.
fn compare(data: &Path, ids: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(ids).map_err(|error| error.to_string())?;
    let found: Vec<String> = text.lines().map(str::to_owned).collect();
    compare_ids(&found, &log::ids(data))
}

fn compare_ids(found: &[String], wanted: &[String]) -> Result<u64, String> {
    let differs = found.iter().zip(wanted).position(|(one, other)| one != other);
    match differs {
        None if found.len() == wanted.len() => Ok(found.len() as u64),
        None => Err(format!("{} of {} events", found.len(), wanted.len())),
        Some(at) => Err(format!("event {at} is another")),
    }
}
