//! Proof with a stopped lock holder: two servers on one PostgreSQL log, and the one that dials is stopped
//! (`kill -STOP`). The other takes over within 10 s. When the first continues it ends its own legs, starts no
//! call and appends nothing.

use super::records;
use crate::carrier::{CarrierProcess, CdrLine};
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::instant;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The number of customers of the campaign: each server dials some.
const CUSTOMERS: u32 = 40;

/// The longest time from the stop to the other server's dialing (issue 51, A15), in milliseconds.
const TAKE_OVER_MS_MAX: u128 = 10_000;

/// How long the stopped server is watched after it continues: its legs end within 5 s.
const WATCHED: Duration = Duration::from_secs(8);

/// The result. By default the proof was not run, which counts as holding.
pub(super) struct StoppedHolderResult {
    pub(super) line: Value,
    pub(super) holds: bool,
}

impl Default for StoppedHolderResult {
    fn default() -> Self {
        Self {
            line: json!("long form only"),
            holds: true,
        }
    }
}

fn start(folder: &Path, name: &str, store: &str, trunk: &str) -> Server {
    let mut serve = Server::command(&folder.join(name), trunk);
    serve.args(["--store", store, "--read-db", store]);
    serve.arg("--keys").arg(folder.join("keys"));
    let mut server = Server::of(serve, &folder.join(name));
    assert!(server.wait_ready(), "server {name} becomes ready");
    server
}

pub(super) fn prove() -> StoppedHolderResult {
    let Some(postgres) = PostgresServer::start() else {
        return StoppedHolderResult {
            line: json!("skipped: the programs of PostgreSQL are not installed"),
            holds: true,
        };
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = CarrierProcess::start(folder.path(), 11, &[]);
    let (store, trunk) = (postgres.url(), carrier.trunk());
    let first = start(folder.path(), "first", &store, &trunk);
    let second = start(folder.path(), "second", &store, &trunk);
    second.call("T1", &records(CUSTOMERS, 4));
    let talking = carrier.until(HUNG_AFTER, |lines| {
        // A line is written when its call is over: with two answered ones, other legs are up.
        let answered = |line: &&CdrLine| line.answered_at.is_some();
        (lines.values().filter(answered).count() >= 2).then_some(())
    });
    let stopped_at = instant();
    first.program.signal("STOP");
    let dials = second.says_of_dialing("dialing", HUNG_AFTER);
    let taken_over_ms = (instant() - stopped_at).as_millis();
    // The calls of the first server: the second has closed them, and nothing may be appended to them from now
    // on.
    let left_over = left_over_calls(&History::read_store(&store));
    let before = events_of(&postgres, &left_over);
    first.program.signal("CONT");
    let is_standing_by = first.says_of_dialing("standing-by", WATCHED);
    let appended = events_of(&postgres, &left_over) - before;
    let completed = second.is_done_for_the_day("T1", HUNG_AFTER);
    let history = History::read_store(&store);
    let recorded: BTreeSet<&str> = history
        .of("call.dialing")
        .filter_map(|event| member(event, "/data/sip_call_id").as_str())
        .collect();
    let has_line = |lines: &BTreeMap<String, CdrLine>| lines.len() >= recorded.len();
    carrier.until(HUNG_AFTER, |lines| has_line(lines).then_some(()));
    let lines = carrier.lines();
    let unrecorded = lines.keys().filter(|id| !recorded.contains(id.as_str())).count();
    let repeated = lines.values().filter(|line| line.invites != 1).count();
    let is_over = |id: &&&str| lines.get(**id).is_some_and(|line| line.ended_at.is_some());
    let open = recorded.len() - recorded.iter().filter(is_over).count();
    let holds = talking.is_some()
        && dials
        && taken_over_ms <= TAKE_OVER_MS_MAX
        && !left_over.is_empty()
        && is_standing_by
        && completed
        && (appended, unrecorded, repeated, open) == (0, 0, 0, 0)
        && history.unfinished().is_empty()
        && history.repeated_call_ids().is_empty();
    StoppedHolderResult {
        line: json!({"taken_over_ms": u64::try_from(taken_over_ms).unwrap_or(u64::MAX), "calls_of_the_stopped": left_over.len(),
            "appended_by_the_stopped": appended, "dialed_unrecorded": unrecorded, "dialed_again": repeated,
            "legs_left_open": open, "stands_by": is_standing_by, "completed": completed}),
        holds,
    }
}

/// Returns the streams of the calls that another process closed after the takeover.
fn left_over_calls(history: &History) -> Vec<String> {
    let ended = history.of("call.ended");
    let left = ended.filter(|event| member(event, "/data/reason") == "crash");
    left.filter_map(|event| member(event, "/subject").as_str().map(str::to_owned))
        .collect()
}

fn events_of(postgres: &PostgresServer, streams: &[String]) -> i64 {
    let names = streams.join("','");
    postgres.count(&format!(
        "SELECT count(*) FROM ledgerline.event WHERE stream IN ('{names}')"
    ))
}
