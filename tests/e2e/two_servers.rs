//! Two servers on one PostgreSQL log, which also holds their rows: one dials; the other answers requests, is
//! the stand-by and takes over.

use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tests::carrier::CarrierProcess;
use tests::direct_log::mark_half_filled;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::postgres::PostgresServer;
use tests::program::run;
use tests::prove::records;
use tests::server::Server;

/// The customers of the campaign: enough that the kill hits live calls, few enough for a story.
const CUSTOMERS: u32 = 12;

/// The longest time until a stand-by has tried to get the lock of a holder that is gone: it tries every
/// second.
const ASKED_WITHIN: Duration = Duration::from_secs(4);

fn postgres() -> Option<PostgresServer> {
    let server = PostgresServer::start();
    if server.is_none() {
        tests::say_skipped(
            "two servers on one log",
            "the programs of PostgreSQL are not installed",
        );
    }
    server
}

/// Starts a server on the shared log, with the shared keys and rows.
fn start(folder: &Path, name: &str, store: &str, trunk: &str) -> Server {
    let serve = Server::command(&folder.join(name), trunk);
    start_as(serve, folder, name, store)
}

fn start_as(mut serve: Command, folder: &Path, name: &str, store: &str) -> Server {
    serve
        .args(["--store", store, "--read-db", store])
        .arg("--keys")
        .arg(folder.join("keys"));
    let mut server = Server::of(serve, &folder.join(name));
    assert!(server.wait_ready(), "server {name} becomes ready");
    server
}

/// Checks that the shared rows equal what the log determines.
fn assert_rows_agree(folder: &Path, name: &str, store: &str) {
    let data = folder.join(name).display().to_string();
    let place = ["--data", &data, "--store", store, "--read-db", store];
    let said = run(&[["projections", "verify"].as_slice(), &place].concat());
    assert!(said.status.success(), "{said:?}");
}

fn dialing(server: &Server) -> String {
    let reply = server.get("/readyz").expect("a ready server answers");
    member(&reply.body, "/dialing")
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn the_stand_by_answers_and_takes_over_and_no_customer_is_dialed_twice() {
    let Some(postgres) = postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 11, &[]);
    let place = (postgres.url(), carrier.trunk());
    let mut first = start(folder.path(), "first", &place.0, &place.1);
    let second = start(folder.path(), "second", &place.0, &place.1);
    assert_eq!(
        (dialing(&first).as_str(), dialing(&second).as_str()),
        ("dialing", "standing-by")
    );

    second.call("T1", &records(CUSTOMERS, 4));
    let talking = carrier.until(HUNG_AFTER, |lines| {
        // A line of the carrier is complete when its call is over: with two answered ones, others are in
        // progress.
        (lines.values().filter(|line| line.answered_at.is_some()).count() >= 2).then_some(())
    });
    assert!(
        talking.is_some(),
        "the holder dials the customers that the stand-by imported"
    );
    first.program.kill();

    let taken_over = second.says_of_dialing("dialing", HUNG_AFTER);
    assert!(taken_over, "the stand-by takes over");
    let completed = second.is_done_for_the_day("T1", HUNG_AFTER);
    assert!(completed, "the campaign goes on and completes");

    let history = History::read_store(&place.0);
    assert_eq!(history.gaps(), 0);
    assert_eq!(
        history.unfinished(),
        Vec::<String>::new(),
        "one end for each call"
    );
    assert_eq!(history.unsettled(), 0);
    assert_eq!(history.repeated_call_ids(), Vec::<String>::new());
    assert_eq!(history.unfounded_next_legs(), Vec::<String>::new());
    let interrupted = history
        .of("call.ended")
        .filter(|event| event["data"]["disposition"] == "interrupted");
    assert!(interrupted.count() > 0, "the kill hit live calls");
    // The carrier's record: no INVITE without a stored dial before it, and at most one INVITE for each stored
    // dial.
    let recorded: BTreeSet<&str> = history
        .of("call.dialing")
        .filter_map(|event| member(event, "/data/sip_call_id").as_str())
        .collect();
    for (call_id, line) in &carrier.lines() {
        assert!(
            recorded.contains(call_id.as_str()),
            "{call_id} was dialed unrecorded"
        );
        assert_eq!(line.invites, 1, "{call_id}");
    }
    assert_rows_agree(folder.path(), "second", &place.0);
    refuses_rows_of_another_log(folder.path(), &place.0);
}

fn refuses_rows_of_another_log(folder: &Path, rows: &str) {
    let mut serve = tests::program::command(tests::program::ledgerline());
    serve.arg("serve").arg("--data").arg(folder.join("stranger"));
    serve.args(["--http", "127.0.0.1:0", "--read-db", rows]);
    let refused = serve.output().expect("it ends by itself");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("the views of another log"), "{said}");
}

#[test]
fn a_stand_by_that_gets_the_lock_of_half_a_log_does_not_dial_until_it_is_whole() {
    let Some(postgres) = postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (url, trunk) = (postgres.url(), "sip:127.0.0.1:9");
    let mut first = start(folder.path(), "first", &url, trunk);
    let second = start(folder.path(), "second", &url, trunk);
    assert_eq!(dialing(&second), "standing-by");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(mark_half_filled(&url, Some("events copy")));
    first.program.kill();
    assert!(
        !second.says_of_dialing("dialing", ASKED_WITHIN),
        "no calls are made on a half-filled log"
    );
    runtime.block_on(mark_half_filled(&url, None));
    assert!(second.says_of_dialing("dialing", HUNG_AFTER), "it takes over");
}

#[test]
fn a_stand_by_does_not_dial_on_a_log_that_lost_what_it_followed() {
    let Some(postgres) = postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (url, trunk) = (postgres.url(), "sip:127.0.0.1:9");
    let mut first = start(folder.path(), "first", &url, trunk);
    let second = start(folder.path(), "second", &url, trunk);
    for index in 0..4 {
        let path = format!("/api/v1/numbers/137000000{index:02}/suppress");
        second.must_post(&path, &json!({"reason": "list"}));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(mark_half_filled(&url, Some("events copy")));
    first.program.kill();
    postgres.cut_tail(3);
    runtime.block_on(mark_half_filled(&url, None));
    let is_paused = second.says_of_dialing("paused-history-lost", HUNG_AFTER);
    assert!(is_paused, "{}", dialing(&second));
    let said = second.program.seen();
    assert!(
        !said.iter().any(|line| line.starts_with("dialing   dialing:")),
        "it dials on a log that lost its tail: {said:?}"
    );
    let history = History::read_store(&url);
    assert_eq!(
        history.of("installation.history_lost").count(),
        1,
        "recorded once"
    );
}

#[test]
fn a_rehearsal_a_real_run_and_other_keys_never_share_a_log() {
    let Some(postgres) = postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let trunk = "sip:127.0.0.1:5069";
    let first = start(folder.path(), "first", &postgres.url(), trunk);
    drop(first);
    let keys = folder.path().join("keys");
    for (name, keys, mode, says) in [
        ("real", &keys, None, "permanently a rehearsal log"),
        (
            "other-keys",
            &folder.path().join("others"),
            Some(tests::server::REHEARSAL),
            "A log opens only with its own complete keys",
        ),
    ] {
        let mut serve = tests::program::command(tests::program::ledgerline());
        serve.arg("serve").arg("--data").arg(folder.path().join(name));
        serve.args(["--store", &postgres.url(), "--http", "127.0.0.1:0"]);
        serve.arg("--keys").arg(keys);
        if let Some(instant) = mode {
            serve.args(["--rehearse-at", instant]);
        }
        let refused = serve.output().unwrap();
        assert_eq!(refused.status.code(), Some(3), "{name}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(says), "{name}: {said}");
    }
}

/// The database is killed during conversations, and is back within seconds: the server that held the lock
/// gets it again, and the conversations continue.
#[test]
fn a_database_that_restarts_cuts_no_conversation_off() {
    let Some(postgres) = postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 11, &[]);
    let place = (postgres.url(), carrier.trunk());
    // Time enough for what is in progress to end by itself: until then no call may be dialed, because the
    // lock was lost.
    let mut serve = tests::program::command(tests::program::ledgerline());
    serve.args([
        "serve",
        "--trunk",
        &place.1,
        "--rehearse-at",
        tests::server::REHEARSAL,
    ]);
    serve.args(["--http", "127.0.0.1:0", "--drain", "60s", "--data"]);
    serve.arg(folder.path().join("only"));
    let server = start_as(serve, folder.path(), "only", &place.0);
    server.call("T1", &records(6, 4));
    let talking = server.is_under_way("T1", 1, HUNG_AFTER);
    assert!(talking, "people talk");
    postgres.kill();
    postgres.restart();
    assert!(
        server.says_of_dialing("dialing", HUNG_AFTER),
        "it dials again once the calls under way have ended"
    );
    let history = History::read_store(&place.0);
    assert_eq!(history.gaps(), 0);
    let ended = history.of("call.ended").count();
    assert!(ended >= 3, "calls that were under way have ended: {ended}");
    let cut_off = history
        .of("call.ended")
        .filter(|event| event["data"]["disposition"] == "interrupted");
    assert_eq!(cut_off.count(), 0, "no conversation was cut off");
    // The kill may have removed the rows' last commits too; they are there again.
    assert_rows_agree(folder.path(), "only", &place.0);
}
