//! A callback campaign calls a person at the time that the person chose, although other people are due, and
//! calls none of the others.

use domain::time::Timestamp;
use serde_json::json;
use tests::carrier::CarrierProcess;
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
use tests::server::Server;

/// The time between the start of the campaign and the callback: enough to order the callback.
const AHEAD_MS: u64 = 3_000;

/// Returns the decision times of all events of a kind.
fn times(history: &History, kind: &str) -> Vec<Timestamp> {
    let times = history
        .of(kind)
        .filter_map(|event| member(event, "/time").as_str());
    times.filter_map(|at| at.parse().ok()).collect()
}

#[test]
fn a_customer_is_called_at_the_time_they_named_and_no_other_is() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 5, &[]);
    let data = folder.path().join("data");
    let server = Server::start(&data, &carrier.trunk());
    let campaign = json!({ "task_id": "T", "script_template": tests::prove::BUNDLED_TEXT,
        "dialing": { "mode": "callback" }, "retry_policy": { "retries_max": 0, "rules": {} } });
    server.must_post("/api/v1/campaigns", &campaign);
    let person =
        |index: usize| json!({ "customer_id": format!("C{index}"), "phone": format!("1380013800{index}") });
    let people: Vec<_> = (0..8).map(person).collect();
    server.must_post(
        "/api/v1/tasks/data",
        &json!({ "task_id": "T", "records": people }),
    );
    server.must_post("/api/v1/campaigns/T/start", &json!({}));
    let started = times(&History::read(&data), "campaign.started");
    let named_at = started[0].plus_ms(AHEAD_MS);
    let order = json!({ "campaign": "T", "at": named_at.to_string() });
    server.must_post("/api/v1/customers/C3/callbacks", &order);
    let dials = "/api/v1/events?campaign=T&kind=call.dialing";
    let found = server.look_after_events("campaign=T&kind=call.dialing", HUNG_AFTER, |_| {
        let items = server.get(dials).ok()?.body.get("items")?.as_array()?.len();
        (items > 0).then_some(())
    });
    assert!(found.is_some(), "no call is dialed");
    drop(server);
    let dialed = times(&History::read(&data), "call.dialing");
    assert_eq!(dialed.len(), 1, "{dialed:?}");
    assert!(named_at <= dialed[0], "{named_at} {dialed:?}");
    let granted = History::read(&data);
    assert_eq!(granted.of("customer.dial_granted").count(), 1);
}
