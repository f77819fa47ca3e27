//! Of a group only so many customers are dialed as its quota allows, as the carrier's own record shows,
//! although the process is killed while calls of the group ring. Customers outside the group are called as
//! usual.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::carrier::{CarrierProcess, CdrLine};
use tests::history::{History, member};
use tests::passing_time::HUNG_AFTER;
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
        "schedule": { "start_time": "09:00", "end_time": "18:00", "max_concurrent": 5 },
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

/// Returns the number of recorded dials with an INVITE that never reached the carrier.
fn never_invited(history: &History, invited: &BTreeMap<String, CdrLine>) -> usize {
    let sip_ids = history
        .of("call.dialing")
        .filter_map(|event| member(event, "/data/sip_call_id").as_str());
    sip_ids.filter(|id| !invited.contains_key(*id)).count()
}

fn refused_by_quota(history: &History) -> BTreeSet<String> {
    let refused = history
        .of("customer.dial_refused")
        .filter(|event| member(event, "/data/rule") == "quota");
    refused
        .filter_map(|event| member(event, "/subject").as_str())
        .filter_map(|subject| subject.strip_prefix("customer-"))
        .map(str::to_owned)
        .collect()
}

/// Returns the customers that a recorded call was dialed to.
fn dialed(history: &History) -> BTreeSet<String> {
    let was_dialed = |events: &Vec<&Value>| {
        events
            .iter()
            .any(|event| member(event, "/type") == "call.dialing")
    };
    let customer = |events: Vec<&Value>| {
        events.iter().find_map(|event| {
            member(event, "/data/customer_grant/customer")
                .as_str()
                .map(str::to_owned)
        })
    };
    history
        .calls()
        .into_values()
        .filter(was_dialed)
        .filter_map(customer)
        .collect()
}

#[test]
fn of_a_group_no_more_are_dialed_than_its_quota_says_whatever_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let carrier = CarrierProcess::start(folder.path(), 11, &[]);
    let data = folder.path().join("data");
    let server = Server::start(&data, &carrier.trunk());
    begun(&server);
    assert!(carrier.has_more_than(1, HUNG_AFTER), "calls ring");
    // The server is killed, not drained.
    drop(server);
    let server = Server::start(&data, &carrier.trunk());
    let done = server.is_done_for_the_day("T", HUNG_AFTER);
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
    let invited = carrier.lines();
    let callees = invited
        .values()
        .map(|line| line.callee.trim_start_matches("+86").to_owned());
    let (of_group, others): (Vec<_>, Vec<_>) = callees.partition(|callee| group.contains(callee));
    let others: BTreeSet<_> = others.into_iter().collect();
    let history = History::read(&data);
    // A dial is recorded before its INVITE leaves. One that the kill caught between the two uses a place of
    // the quota: then fewer of the group are called, and never more.
    let unsent = never_invited(&history, &invited);
    assert!(of_group.len() <= AT_MOST, "{of_group:?}");
    assert!(
        of_group.len() + unsent >= AT_MOST,
        "{of_group:?}, and {unsent} unsent"
    );
    assert!(
        others.len() + unsent >= PEOPLE - OF_THE_GROUP,
        "{others:?}, and {unsent} unsent"
    );
    let refused = refused_by_quota(&history);
    assert!(refused.len() >= OF_THE_GROUP - AT_MOST, "{refused:?}");
    let settled: BTreeSet<String> = refused.union(&dialed(&history)).cloned().collect();
    assert_eq!(
        settled.len(),
        PEOPLE,
        "every customer is dialed, or refused by a rule"
    );
    assert!(history.repeated_call_ids().is_empty() && history.unfinished().is_empty());
    assert_eq!((history.unsettled(), history.gaps()), (0, 0));
}
