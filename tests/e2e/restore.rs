//! A backup is made while calls run. After a restore elsewhere, no call is dialed until a user confirms, and
//! no customer that was reached before is called again.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tests::carrier::CarrierProcess;
use tests::direct_log::mark_half_filled;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::postgres::PostgresServer;
use tests::program::{run, run_json};
use tests::prove::records;
use tests::server::Server;

/// Enough that some are settled, some are in calls and some wait when the backup is made.
const PEOPLE: u32 = 12;

struct RestorePaths {
    folder: tempfile::TempDir,
    data: PathBuf,
    backup: PathBuf,
    restored: PathBuf,
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Starts a campaign with settled customers and running calls.
fn begin_campaign(place: &RestorePaths, carrier: &CarrierProcess) -> Server {
    let server = Server::start(&place.data, &carrier.trunk());
    server.call("T1", &records(PEOPLE, 3));
    let under_way = server.is_under_way("T1", 2, HUNG_AFTER);
    assert!(under_way, "some are settled and some are in calls");
    server
}

/// Returns the streams of the customers that are settled, or granted a dial, as `kind` says.
fn customers(events: &[Value], kind: &str) -> BTreeSet<String> {
    let of_kind = events.iter().filter(|event| member(event, "/type") == kind);
    of_kind
        .map(|event| member(event, "/subject").to_string())
        .collect()
}

fn one_flipped_byte_is_named(place: &RestorePaths) {
    let altered = place.folder.path().join("altered.backup");
    let mut bytes = std::fs::read(&place.backup).expect("the backup was made");
    *bytes.get_mut(5_000).expect("a backup of a campaign is larger") ^= 1;
    std::fs::write(&altered, bytes).expect("the folder can be written");
    let (status, found) = run_json(&["backup", "verify", &text(&altered), "--json"]).expect("it prints JSON");
    assert_eq!(status.code(), Some(1), "{found}");
    let why = member(&found, "/why").as_str().unwrap_or_default();
    assert!(why.starts_with("000001.events, position "), "{why}");
}

fn restore(place: &RestorePaths) -> u64 {
    let (backup, restored) = (text(&place.backup), text(&place.restored));
    let keys = place.restored.join("keys");
    std::fs::create_dir_all(&keys).expect("the folder can be written");
    let kept = std::fs::read_dir(place.data.join("keys")).expect("the server made its keys");
    for found in kept.flatten() {
        std::fs::copy(found.path(), keys.join(found.file_name())).expect("a key file can be copied");
    }
    let args = ["backup", "restore", &backup, "--data", &restored, "--json"];
    let (status, said) = run_json(&args).expect("it prints JSON");
    assert!(status.success(), "{said}");
    assert_eq!(member(&said, "/dialing_paused"), &json!(true));
    let again = run(&args);
    assert_eq!(again.status.code(), Some(3), "a restore never overwrites");
    member(&said, "/restored").as_u64().expect("a number of events")
}

fn wait_completed(server: &Server) {
    let completed = server.is_done_for_the_day("T1", HUNG_AFTER);
    assert!(completed, "the campaign goes on and completes");
}

#[test]
fn a_restored_log_waits_for_a_user_and_calls_no_reached_customer_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = RestorePaths {
        data: folder.path().join("data"),
        backup: folder.path().join("log.backup"),
        restored: folder.path().join("restored"),
        folder,
    };
    let carrier = CarrierProcess::start(place.folder.path(), 7, &[]);
    let mut server = begin_campaign(&place, &carrier);
    let (data, backup) = (text(&place.data), text(&place.backup));
    let create = ["backup", "create", "--data", &data, "--out", &backup, "--json"];
    let (status, made) = run_json(&create).unwrap();
    assert!(status.success(), "{made}");
    let (status, verified) = run_json(&["backup", "verify", &backup, "--json"]).unwrap();
    assert!(status.success() && verified["root"] == made["root"], "{verified}");
    server.program.kill();
    one_flipped_byte_is_named(&place);

    let size = restore(&place);
    assert_eq!(Some(size), made["size"].as_u64());
    let server = Server::start(&place.restored, &carrier.trunk());
    let ready = server.get("/readyz").unwrap().body;
    assert_eq!(ready["dialing"], "paused-after-restore", "{ready}");
    assert!(
        ready["unconfirmed_restore"]["backup_made_at"].is_string(),
        "{ready}"
    );
    let board = server.get("/api/v1/campaigns/T1").unwrap().body;
    assert_eq!(board["status"], "running", "reads answer: {board}");
    server.must_post(
        "/api/v1/numbers/13800138000/opt-out",
        &json!({"reason": "commands are taken"}),
    );
    let waiting = History::read(&place.restored);
    let (backed_up, since) = waiting.events.split_at(usize::try_from(size).unwrap());
    let on_record = |event: &&Value| {
        member(event, "/type") == "inquiry.exported" && member(event, "/data/what") == "backup"
    };
    assert_eq!(
        backed_up.iter().filter(on_record).count(),
        1,
        "the server records it before it is accepted"
    );
    // A call that ended just before the backup gets its summary after the restore, which dials nothing.
    let mut kinds: Vec<_> = since
        .iter()
        .map(|event| member(event, "/type").as_str().expect("a type is text"))
        .filter(|kind| *kind != "summary.recorded")
        .collect();
    // The opt-out and the record of the response are stored at the same time, in either order.
    kinds.sort_unstable();
    let stored = ["inquiry.compared", "installation.restored", "number.opted_out"];
    assert_eq!(kinds, stored);

    let restored = text(&place.restored);
    let confirm = ["backup", "confirm", "--data", &restored, "--by", "wang", "--json"];
    let (status, said) =
        run_json(&[&confirm[..], &["--reason", "compared with the carrier"]].concat()).unwrap();
    assert!(status.success() && said["dialing_paused"] == false, "{said}");
    wait_completed(&server);
    let history = History::read(&place.restored);
    let (before, after) = history.events.split_at(usize::try_from(size).unwrap());
    let settled = customers(before, "customer.enrolment_settled");
    let granted = customers(after, "customer.dial_granted");
    assert!(settled.len() >= 2 && !granted.is_empty());
    assert!(
        settled.is_disjoint(&granted),
        "no settled customer is dialed again"
    );
    assert!(history.unfinished().is_empty() && history.repeated_call_ids().is_empty());
    assert_eq!((history.unsettled(), history.gaps()), (0, 0));
    drop(server);
    let checked = run(&["projections", "verify", "--data", &restored]);
    assert!(checked.status.success(), "{checked:?}");
}

/// Runs `backup restore` into a database, with another directory for its rows.
fn restore_into(place: &RestorePaths, store: &str) -> std::process::Output {
    let (backup, data) = (text(&place.backup), text(&place.restored));
    run(&["backup", "restore", &backup, "--store", store, "--data", &data])
}

/// Starts a server on the database, with the keys of the log that was backed up.
fn serve_restored(place: &RestorePaths, store: &str) -> Server {
    let mut serve = Server::command(&place.restored, "sip:127.0.0.1:9");
    serve
        .args(["--store", store])
        .arg("--keys")
        .arg(place.data.join("keys"));
    let mut server = Server::of(serve, &place.restored);
    assert!(server.wait_ready(), "the server becomes ready");
    server
}

#[test]
fn half_of_a_restore_into_a_database_is_never_served_and_nothing_is_filled_under_a_server() {
    let Some(postgres) = PostgresServer::start() else {
        tests::say_skipped(
            "a restore into a database",
            "the programs of PostgreSQL are not installed",
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let place = RestorePaths {
        data: folder.path().join("data"),
        backup: folder.path().join("log.backup"),
        restored: folder.path().join("restored"),
        folder,
    };
    let mut server = Server::start(&place.data, "sip:127.0.0.1:9");
    server.enrol("T1", &records(3, 3));
    let (data, backup, store) = (text(&place.data), text(&place.backup), postgres.url());
    let made = run(&["backup", "create", "--data", &data, "--out", &backup]);
    assert!(made.status.success(), "{made:?}");
    server.program.kill();

    // What a killed restore leaves: its mark, and a part of the log.
    let done = restore_into(&place, &store);
    assert!(done.status.success(), "{done:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(mark_half_filled(&store, Some("backup restore")));
    let mut serve = Server::command(&place.restored, "sip:127.0.0.1:9");
    serve.args(["--store", &store]);
    for refused in [
        serve.output().unwrap(),
        run(&["events", "read", "--store", &store]),
        restore_into(&place, &store),
    ] {
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{said}");
        assert!(
            said.contains("DROP SCHEMA ledgerline CASCADE") || said.contains("is not empty"),
            "{said}"
        );
    }
    postgres.run_sql("DROP SCHEMA ledgerline CASCADE");
    let done = restore_into(&place, &store);
    assert!(done.status.success(), "{done:?}");

    let server = serve_restored(&place, &store);
    let ready = server.get("/readyz").unwrap().body;
    assert_eq!(ready["dialing"], "paused-after-restore", "{ready}");
    let under = run(&[
        "events",
        "copy",
        "--from",
        &format!("sqlite:{data}"),
        "--to",
        &store,
    ]);
    let said = String::from_utf8_lossy(&under.stderr);
    assert_eq!(under.status.code(), Some(3), "{said}");
    assert!(said.contains("a server dials on this log"), "{said}");
}
