//! A command returns the same when a server executes it and, where no server runs, when the command's own
//! process does.

use projections::sql_views::EXAMPLE;
use serde_json::{Value, json};
use std::path::Path;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::program::{fail, read, run, run_json};
use tests::server::Server;

/// Questions with answers that contain no time of their own.
const QUESTIONS: &[&[&str]] = &[
    &["campaign", "show", "T"],
    &["campaign", "list"],
    &["campaign", "report", "T"],
    &["customer", "consent", "show", "C001"],
    &["number", "show", "13800138001"],
    &["audit", "trail", "--kind", "number.opted_out"],
    &["query", EXAMPLE],
];

fn asked(question: &[&str], data: &Path) -> Value {
    let data = data.to_string_lossy();
    let args = [question, &["--json", "--data", &data]].concat();
    let (status, mut said) = run_json(&args).unwrap_or_else(|why| fail(&why));
    assert!(status.success(), "{args:?}: {said}");
    // How long the answer took, how old figures are and the position of the log are not compared.
    for name in [
        "elapsed_ms",
        "age_ms",
        "position",
        "event_position",
        "as_of_position",
        "inquiry",
        "shown_at",
        "complete_up_to",
    ] {
        forget(&mut said, name);
    }
    said
}

fn forget(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            members.remove(name);
            members.values_mut().for_each(|value| forget(value, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| forget(value, name)),
        _ => {}
    }
}

fn run_command(args: &[&str], data: &Path) {
    let data = data.to_string_lossy();
    let args = [args, &["--data", &data]].concat();
    let output = run(&args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
}

fn stop(mut server: Server) {
    server.program.signal("TERM");
    let ended = server.program.wait(HUNG_AFTER);
    assert!(ended.is_some_and(|status| status.success()), "the server stops");
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    member(value, pointer).as_str().unwrap_or_default()
}

#[test]
fn what_a_server_answers_a_directory_answers_alike() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    stop(Server::start(&data, "sip:127.0.0.1:9"));

    // No server runs: the commands open the directory, and what they do is recorded in the log.
    let campaign = folder.path().join("campaign.json");
    let body = json!({"task_id": "T", "script_template": "您好。",
        "schedule": {"start_time": "09:00", "end_time": "18:00"}});
    std::fs::write(&campaign, body.to_string()).unwrap();
    run_command(&["campaign", "create", &campaign.to_string_lossy()], &data);
    let people = folder.path().join("people.csv");
    std::fs::write(&people, "customer_id,phone\nC001,13800138001\nC002,13800138002\n").unwrap();
    run_command(&["import", &people.to_string_lossy(), "--campaign", "T"], &data);
    run_command(
        &["number", "opt-out", "13800138001", "--reason", "asked by phone"],
        &data,
    );
    let given = [
        "customer",
        "consent",
        "give",
        "C001",
        "--scope",
        "marketing",
        "--source",
        "form",
    ];
    run_command(&[&given[..], &["--evidence", "form 12"]].concat(), &data);
    let alone: Vec<Value> = QUESTIONS.iter().map(|question| asked(question, &data)).collect();
    let exported = folder.path().join("alone.csv");
    let export = ["export", "events", "--format", "csv", "--campaign", "T", "--out"];
    run_command(&[&export[..], &[&exported.to_string_lossy()]].concat(), &data);
    run_command(&["projections", "rebuild", "region_board"], &data);
    let history = History::read(&data);
    assert_eq!(history.of("customer.enrolled").count(), 2);
    assert_eq!(history.of("number.opted_out").count(), 1);
    let switched: Vec<&Value> = history.of("view.switched").collect();
    assert_eq!(
        switched.len(),
        1,
        "what was done by hand is recorded once: {switched:?}"
    );

    // A server runs: the same commands send their questions to it, and get the same answers.
    let server = Server::start(&data, "sip:127.0.0.1:9");
    for (question, alone) in QUESTIONS.iter().zip(&alone) {
        assert_eq!(&asked(question, &data), alone, "{question:?}");
    }
    let served = folder.path().join("served.csv");
    run_command(&[&export[..], &[&served.to_string_lossy()]].concat(), &data);
    // The first export is itself an event of the campaign: its row follows what it exported.
    let (alone, served) = (read(&exported), read(&served));
    assert!(
        served.starts_with(&alone) && served.contains("inquiry.exported"),
        "{served}"
    );
    run_command(&["projections", "rebuild", "region_board"], &data);
    assert_eq!(server.get("/readyz").unwrap().status, 200);
}

/// An id with every character that has a meaning in a URL, and more.
const ODD: &str = "C/1?as_of=1&x#y %41;..=+客";

/// A command requests exactly what was typed: no part of it becomes a path, a parameter or a fragment.
#[test]
fn an_id_of_any_characters_is_asked_for_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, "sip:127.0.0.1:9");
    let person = |id: &str, phone: &str| json!({"customer_id": id, "phone": phone, "customer_name": "测试", "days": "3"});
    server.enrol("T", &[person(ODD, "13800138000"), person("C", "13800138001")]);
    let (_, shown) = server.run_json(&["customer", "show", ODD, "--json"]).unwrap();
    let odd = word(&shown, "/id").to_owned();
    assert_eq!(word(&shown, "/numbers/0/phone"), "138****8000", "{shown}");
    for question in [
        &["customer", "show", ODD][..],
        &["customer", "consent", "show", ODD],
        &["customer", "hold", ODD, "--reason", "a & b = c # d"],
        &["customer", "release", ODD, "--reason", "100% / 客"],
        &["why-not", ODD],
    ] {
        let (status, said) = server.run_json(&[question, &["--json"]].concat()).unwrap();
        assert!(status.success(), "{question:?}: {said}");
        assert!(said.to_string().contains(&odd), "{question:?}: {said}");
    }
    for near in ["C/1", "C%2F1", "C/../C/1", "C/1?as_of=1"] {
        let refused = server.run(&["customer", "show", near]);
        assert_eq!(refused.status.code(), Some(3), "{near}");
    }
    let history = History::read(&data);
    let held: Vec<_> = history.of("customer.held").collect();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (word(held[0], "/customer"), word(held[0], "/data/reason")),
        (odd.as_str(), "a & b = c # d")
    );
}

#[test]
fn a_command_on_a_log_that_lost_its_signed_tail_says_so_before_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    stop(Server::start(&data, "sip:127.0.0.1:9"));
    let older = folder.path().join("older.db");
    std::fs::copy(data.join("events.db"), &older).unwrap();
    let server = Server::start(&data, "sip:127.0.0.1:9");
    server.must_post(
        "/api/v1/numbers/13800138001/suppress",
        &json!({"reason": "asked"}),
    );
    stop(server);
    std::fs::copy(&older, data.join("events.db")).unwrap();
    for rows in ["views.db", "views.db-wal", "views.db-shm"] {
        drop(std::fs::remove_file(data.join(rows)));
    }

    run_command(
        &["number", "opt-out", "13800138002", "--reason", "asked by phone"],
        &data,
    );
    let history = History::read(&data);
    let kinds: Vec<&str> = history.events.iter().map(|event| word(event, "/type")).collect();
    let at = |kind: &str| kinds.iter().position(|one| *one == kind);
    assert!(at("number.opted_out").is_some(), "{kinds:?}");
    assert!(
        at("installation.history_lost").is_some_and(|lost| Some(lost) < at("number.opted_out")),
        "{kinds:?}"
    );
}
