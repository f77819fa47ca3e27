//! Recordings past their period are listed by a dry run and destroyed by a run, recorded before and after.
//! The recordings of a person under a hold stay until the hold ends.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tests::carrier::CarrierProcess;
use tests::history::{History, member};
use tests::passing_time::{HUNG_AFTER, ask_on};
use tests::program::{command, ledgerline};
use tests::prove::records;
use tests::server::Server;

/// Enough that several are answered, and so recorded.
const PEOPLE: u32 = 10;

/// 184 days after the rehearsal, which is the shortest period that may be set, and some more.
const LATER: &str = "2026-09-10T10:00:00+08:00";

/// Returns the ids of the calls that have a recording in the directory.
fn recorded(data: &Path) -> BTreeSet<String> {
    let found = std::fs::read_dir(data.join("recordings")).expect("calls were recorded");
    let names = found
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| name.strip_suffix(".wav").map(str::to_owned))
        .collect()
}

/// Starts a server on the same directory months later.
fn later(data: &Path, trunk: &str) -> Server {
    let mut program = command(ledgerline());
    program.arg("serve").arg("--data").arg(data);
    program.args(["--trunk", trunk, "--rehearse-at", LATER]);
    program.args(["--http", "127.0.0.1:0", "--drain", "5s"]);
    let mut server = Server::of(program, data);
    assert!(server.wait_ready(), "the server becomes ready");
    server
}

/// Returns what a run reports about recordings, when the server's own daily run is over.
fn disposing(server: &Server, more: &[&str]) -> Value {
    let args = [&["retention", "run", "--json"], more].concat();
    let said = ask_on(HUNG_AFTER, || {
        let (status, said) = server.run_json(&args).ok()?;
        status.success().then_some(said)
    });
    let said = said.expect("retention runs");
    member(&said, "/classes/0").clone()
}

fn set(server: &Server, days: &str) -> bool {
    let args = ["retention", "set", "recordings", "--days", days];
    let why = ["--preset", "cn-service", "--reason", "policy 4", "--json"];
    server.run(&[&args[..], &why].concat()).status.success()
}

#[test]
fn a_recording_past_its_preset_s_period_is_destroyed_on_record_unless_its_customer_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let mut server = Server::start(&data, &carrier.trunk());
    server.call_to_the_end("T1", &records(PEOPLE, 3), HUNG_AFTER);
    assert!(server.drains());
    let files = recorded(&data);
    assert!(files.len() >= 2, "several were answered: {files:?}");

    let mut server = later(&data, &carrier.trunk());
    assert!(!set(&server, "183"), "below its floor");
    assert!(set(&server, "184"));
    let held = files.first().unwrap();
    let call = server.get(&format!("/api/v1/calls/{held}")).unwrap().body;
    let person = call["customer"].as_str().unwrap();
    server.must_post(
        &format!("/api/v1/customers/{person}/hold"),
        &json!({"reason": "court order"}),
    );
    let dry = disposing(&server, &["--dry-run"]);
    assert_eq!(
        (dry["due"].as_u64(), dry["destroyed"].as_u64()),
        (Some(files.len() as u64), Some(0)),
        "{dry}"
    );
    let held_count = dry["held"].as_u64().unwrap();
    assert!(held_count >= 1, "{dry}");
    assert_eq!(recorded(&data), files, "a dry run destroys nothing");
    let done = disposing(&server, &[]);
    let destroyed = done["destroyed"].as_u64().unwrap();
    assert_eq!(destroyed + held_count, files.len() as u64, "{done}");
    let left = recorded(&data);
    assert!(left.contains(held) && left.len() as u64 == held_count, "{left:?}");
    let gone = files.difference(&left).next().unwrap();
    let shown = server.get(&format!("/api/v1/calls/{gone}")).unwrap().body;
    assert_eq!(shown["recording"]["disposed"]["disposal"], 1, "{shown}");

    server.must_post(&format!("/api/v1/customers/{person}/release"), &json!({}));
    let rest = disposing(&server, &[]);
    assert_eq!(rest["destroyed"].as_u64(), Some(held_count), "{rest}");
    assert!(recorded(&data).is_empty());
    assert!(server.drains());

    let history = History::read(&data);
    let count = |kind: &str| history.of(kind).count();
    assert_eq!(count("call.recording_disposed"), files.len());
    assert_eq!(
        (count("retention.disposal_begun"), count("retention.disposed")),
        (2, 2)
    );
    let named = |kind: &str| {
        let calls = history
            .of(kind)
            .filter_map(|event| member(event, "/data/calls").as_array());
        let ids = calls.flatten().filter_map(Value::as_str).map(str::to_owned);
        ids.collect::<BTreeSet<String>>()
    };
    assert_eq!(
        named("retention.disposal_begun"),
        files,
        "named before they are destroyed"
    );
}
