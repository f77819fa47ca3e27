//! A receiver that accepts nothing for three days: the server is restarted for each attempt, by the clock of
//! a rehearsal. `webhook dead-letters` lists the events that were given up, and `webhook replay` delivers
//! them to the repaired receiver.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::program::{command, fail, ledgerline};
use tests::server::{REHEARSAL, Server};
use tests::webhook_receiver::WebhookReceiver;

/// The attempts of one event (docs/reference/webhooks.md).
const ATTEMPTS: u64 = 14;

/// The attempts that follow one another within seconds: for these the server continues.
const SOON: u64 = 3;

/// Starts a server with a clock that begins at `at`, or a second after the last recorded event.
fn started(data: &Path, at: &str) -> Server {
    let command = Server::rehearsing_at(command(ledgerline()), data, "sip:127.0.0.1:9", at);
    let mut server = Server::of(command, data);
    assert!(server.wait_ready(), "the server becomes ready at {at}");
    server
}

/// Returns when an event is tried again after its attempt with this number failed; `None` after the last
/// attempt.
fn tried(server: &Server, attempt: u64) -> Option<String> {
    let kind = if attempt == ATTEMPTS {
        "webhook.dead_lettered"
    } else {
        "webhook.delivery_failed"
    };
    let came = server.follow_events(&format!("kind={kind}"), HUNG_AFTER, |event| {
        let is_this = member(event, "/data/attempts") == attempt;
        is_this.then(|| member(event, "/data/due_at").as_str().map(str::to_owned))
    });
    came.unwrap_or_else(|| fail(&format!("attempt {attempt} does not come")))
}

fn run(server: &Server, args: &[&str]) -> Value {
    let output = server.run(args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

#[test]
fn an_event_rejected_for_three_days_is_a_dead_letter_and_redelivered_by_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let receiver = WebhookReceiver::answering(503);
    let mut server = started(&data, REHEARSAL);
    let add = [
        "webhook",
        "add",
        &receiver.url(),
        "--events",
        "number.opted_out",
        "--allow-private",
    ];
    let made = run(&server, &add);
    let id = member(&made, "/id").as_str().expect("an id").to_owned();
    let after = member(&made, "/after").as_str().expect("a position").to_owned();
    let asked = json!({"reason": "asked by letter"});
    server.must_post("/api/v1/numbers/13800138000/opt-out", &asked);
    for attempt in 1..=ATTEMPTS {
        let due_at = tried(&server, attempt);
        assert_eq!(due_at.is_some(), attempt < ATTEMPTS);
        if let Some(due_at) = due_at.filter(|_| attempt > SOON) {
            assert!(server.drains(), "it drains");
            server = started(&data, &due_at);
        }
    }
    let dead = run(&server, &["webhook", "dead-letters", &id]);
    assert_eq!(member(&dead, "/count"), 1, "{dead}");
    assert_eq!(member(&dead, "/items/0/attempts"), ATTEMPTS);
    assert_eq!(member(&dead, "/items/0/status"), 503);

    receiver.answers(204);
    server.must_post("/api/v1/numbers/13800138001/opt-out", &asked);
    receiver.taken(1, HUNG_AFTER);
    run(&server, &["webhook", "replay", &id, "--after", &after]);
    let taken: BTreeSet<String> = receiver.taken(3, HUNG_AFTER).into_iter().collect();
    assert!(server.drains(), "it drains");
    let history = History::read(&data);
    let happened = history.of("number.opted_out");
    let happened: BTreeSet<String> = happened
        .filter_map(|event| member(event, "/id").as_str())
        .map(str::to_owned)
        .collect();
    assert_eq!(happened.len(), 2);
    assert_eq!(taken, happened);
}
