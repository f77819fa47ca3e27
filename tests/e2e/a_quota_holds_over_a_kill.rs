//! Of a group at most so many are dialed, by the carrier's own word, though the process is killed while calls
//! of the group ring; whoever is of no group is called as ever.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::carrier::CarrierProcess;
use tests::history::History;
use tests::server::Server;

const PEOPLE: usize = 24;
const OF_THE_GROUP: usize = 16;
const AT_MOST: usize = 6;

fn phone(index: usize) -> String {
    format!("138001380{index:02}")
}

fn begun(server: &Server) {
    let quota = json!({ "name": "vip", "where": "VIP", "dials": AT_MOST, "per": "campaign" });
    let campaign = json!({ "task_id": "T", "script_template": tests::prove::BUNDLED_TEXT,
        "schedule": { "start_time": "09:00", "end_time": "18:00", "max_concurrent": 3 },
        "retry_policy": { "retries_max": 1, "uncharged_max": 3, "rules": {} }, "quotas": [quota] });
    server.must_post("/api/v1/campaigns", &campaign);
    let person = |index| json!({ "customer_id": format!("C{index}"), "phone": phone(index) });
    let people: Vec<Value> = (0..PEOPLE).map(person).collect();
    server.must_post(
        "/api/v1/tasks/data",
        &json!({ "task_id": "T", "records": people }),
    );
    let tags = json!([{ "level": "business", "add": ["VIP"] }]);
    let row = |index| json!({ "customer": format!("C{index}"), "tags": tags });
    let rows: Vec<Value> = (0..OF_THE_GROUP).map(row).collect();
    let written = server.must_post("/api/v1/customers/attributes", &json!({ "customers": rows }));
    assert_eq!(
        written.body.get("changed"),
        Some(&json!(OF_THE_GROUP)),
        "{}",
        written.body
    );
    server.must_post("/api/v1/campaigns/T/start", &json!({}));
}

#[test]
fn of_a_group_no_more_are_dialed_than_its_quota_says_whatever_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 11, &[]);
    let data = folder.path().join("data");
    let server = Server::start(&data, &carrier.trunk());
    begun(&server);
    assert!(carrier.has_more_than(1, Duration::from_secs(30)), "calls ring");
    // Killed, not drained.
    drop(server);
    let server = Server::start(&data, &carrier.trunk());
    let done = server.is_completed("T", Duration::from_secs(90));
    let shown = server.get("/api/v1/campaigns/T").unwrap().body;
    assert!(done, "{shown}");
    let quota = &shown["quotas"][0];
    assert_eq!(
        (&quota["standing"], &quota["in_flight"]),
        (&json!("full"), &json!(0)),
        "{shown}"
    );
    drop(server);

    let group: BTreeSet<String> = (0..OF_THE_GROUP).map(phone).collect();
    let dialed = carrier.lines();
    let dialed = dialed
        .values()
        .map(|line| line.callee.trim_start_matches("+86").to_owned());
    let (of_group, others): (BTreeSet<_>, BTreeSet<_>) = dialed.partition(|callee| group.contains(callee));
    assert_eq!(
        (of_group.len(), others.len()),
        (AT_MOST, PEOPLE - OF_THE_GROUP),
        "{of_group:?}"
    );
    let history = History::read(&data);
    let refused = history
        .of("customer.dial_refused")
        .filter(|one| one["data"]["rule"] == "quota");
    assert_eq!(refused.count(), OF_THE_GROUP - AT_MOST);
    assert!(history.repeated_call_ids().is_empty() && history.unfinished().is_empty());
    assert_eq!((history.unsettled(), history.gaps()), (0, 0));
}
