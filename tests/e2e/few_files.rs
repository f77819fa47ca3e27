//! Few open files are allowed: the number of legs is lowered with a message; all legs are recorded completely
//! although more connections arrive than are allowed; and a limit too low for one leg is refused with the
//! number that is needed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use tests::carrier::CarrierProcess;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::program::{command, ledgerline, read};
use tests::prove::records;
use tests::server::Server;

/// Enough for 8 legs (decision 0053): 4 files each, 128 connections, 128 other files.
const LIMIT: u32 = 288;

/// The legs that this limit leaves room for.
const LEGS: u64 = 8;

/// One less than one leg needs.
const TOO_FEW: u32 = 259;

/// More connections than the limit allows, and more than its files.
const CONNECTIONS: usize = 300;

/// Returns the command for a server that may open so many files, and writes its messages to `said`.
fn with_files(limit: u32, data: &Path, trunk: &str, said: &Path) -> Command {
    let mut shell = command("sh");
    shell.arg("-c").arg(format!(
        "ulimit -n {limit}; exec \"$0\" \"$@\" 2>>'{}'",
        said.display()
    ));
    shell.arg(ledgerline());
    Server::wrapped(shell, data, trunk)
}

#[test]
fn legs_are_lowered_aloud_and_a_full_house_is_recorded_beside_too_many_connections() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let (data, said) = (folder.path().join("data"), folder.path().join("said"));

    let refused = with_files(TOO_FEW, &data, &carrier.trunk(), &said)
        .output()
        .unwrap();
    assert!(!refused.status.success(), "one leg more than there is room for");
    let why = read(&said);
    assert!(why.contains(&format!("need {}", TOO_FEW + 1)), "{why}");

    let mut server = Server::of(with_files(LIMIT, &data, &carrier.trunk(), &said), &data);
    assert!(server.wait_ready(), "{}", read(&said));
    let heard = read(&said);
    assert!(
        heard.contains(&format!("at most {LEGS} calls at once")),
        "{heard}"
    );
    server.call("T1", &records(16, 4));
    let held = server.connect_silently(CONNECTIONS);
    assert_eq!(held.len(), CONNECTIONS);
    let mut most = 0;
    let called = server.is_on_board("T1", HUNG_AFTER, |board| {
        most = most.max(member(board, "/open").as_u64().unwrap_or(0));
        member(board, "/calls_ended").as_u64() >= Some(12)
    });
    assert!(called, "people are called: {}", read(&said));
    assert!(most >= LEGS, "the house was full: {most}");
    server.program.signal("TERM");
    assert!(server.program.wait(HUNG_AFTER).is_some());
    hold_to(&History::read(&data), &carrier);
}

/// Checks that no call is lost, none is missing in the log, and none is blamed on the trunk or on a lack of
/// ours.
fn hold_to(history: &History, carrier: &CarrierProcess) {
    assert_eq!(history.unfinished(), Vec::<String>::new());
    let dialed: BTreeSet<&str> = history
        .of("call.dialing")
        .filter_map(|event| member(event, "/data/sip_call_id").as_str())
        .collect();
    let lines = carrier.lines();
    assert!(lines.len() >= 12, "{}", lines.len());
    assert!(lines.keys().all(|call_id| dialed.contains(call_id.as_str())));
    let answered: BTreeSet<&str> = history
        .of("call.answered")
        .filter_map(|event| member(event, "/subject").as_str())
        .collect();
    assert!(answered.len() >= 4, "{answered:?}");
    for ended in history.of("call.ended") {
        let disposition = member(ended, "/data/disposition").as_str().unwrap_or("");
        assert!(member(ended, "/data/cause").is_null(), "{ended}");
        assert!(
            !["trunk_unreachable", "system_error", "recording_failed"].contains(&disposition),
            "{ended}"
        );
        let is_answered = answered.contains(member(ended, "/subject").as_str().unwrap_or(""));
        let is_recorded = !member(ended, "/data/recording_sha256").is_null();
        assert!(
            !is_answered || is_recorded || disposition == "interrupted",
            "{ended}"
        );
    }
}
