//! The receiver of `examples/receiver/`: its own tests pass with recorded messages. With a running server it
//! accepts signed messages, prints each event once although it is sent again, and refuses unknown secrets.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tests::history::member;
use tests::passing_time::HUNG_AFTER;
use tests::program::{Program, command, is_installed};
use tests::say_skipped;
use tests::server::Server;

fn example(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/receiver");
    root.join(file)
}

fn python(file: &str) -> Option<std::process::Command> {
    if !is_installed("python3") {
        say_skipped("example receiver", "python3 is missing");
        return None;
    }
    let mut program = command("python3");
    program
        .arg("-u")
        .arg(example(file))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Some(program)
}

fn run(server: &Server, args: &[&str]) -> Value {
    let output = server.run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// Returns the event that the receiver prints next.
fn next_event(receiver: &mut Program) -> Value {
    let line = receiver.line(HUNG_AFTER, |line| line.starts_with('{'));
    serde_json::from_str(&line.expect("the receiver prints an event")).expect("a line is JSON")
}

#[test]
fn the_example_receiver_passes_its_own_tests() {
    let Some(mut tests) = python("test_receiver.py") else {
        return;
    };
    let output = tests.output().expect("python3 starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_repeated_event_of_a_server_is_printed_once() {
    let Some(mut receiving) = python("receiver.py") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets.txt");
    std::fs::write(&secrets, "").unwrap();
    receiving.arg("--secrets").arg(&secrets).args(["--port", "0"]);
    receiving.arg("--store").arg(folder.path().join("events.db"));
    let mut receiver = Program::start(receiving);
    let listens = receiver.line(HUNG_AFTER, |line| line.starts_with("listening on "));
    let url = listens
        .expect("the receiver listens")
        .replace("listening on ", "");
    let mut server = Server::start(&folder.path().join("data"), "sip:127.0.0.1:9");
    let add = [
        "webhook",
        "add",
        &url,
        "--events",
        "number.opted_out",
        "--allow-private",
    ];
    let made = run(&server, &add);
    let text = |member_name: &str| member(&made, member_name).as_str().expect("a text").to_owned();
    let (id, after, secret) = (text("/id"), text("/after"), text("/secret"));

    // Without the secret nothing is accepted: the message is sent again.
    let reason = json!({ "reason": "asked by letter" });
    server.must_post("/api/v1/numbers/13800138000/opt-out", &reason);
    let refused = server.follow_events("kind=webhook.delivery_failed", HUNG_AFTER, |event| {
        member(event, "/data/status").as_u64()
    });
    assert_eq!(refused, Some(401));
    std::fs::write(&secrets, format!("{secret}\n")).unwrap();
    let first = next_event(&mut receiver);
    assert_eq!(member(&first, "/event/type"), "number.opted_out");

    run(&server, &["webhook", "replay", &id, "--after", &after]);
    let mut delivered = 0;
    let again = server.follow_events("kind=webhook.delivered", HUNG_AFTER, |_| {
        delivered += 1;
        (delivered == 2).then_some(())
    });
    assert!(again.is_some(), "the event is delivered again");
    server.must_post("/api/v1/numbers/13800138001/opt-out", &reason);
    let second = next_event(&mut receiver);
    assert_ne!(
        member(&first, "/id"),
        member(&second, "/id"),
        "a repeat is not printed"
    );
    assert!(server.drains(), "it drains");
}
