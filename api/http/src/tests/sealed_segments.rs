//! Tests of segments over sealed attributes for a caller without the reveal right: counts are rounded down to
//! tens, no customer id is shown, and the used columns are on record.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

async fn post(story: &TestServer, path: &str, key: &str, body: Value) -> TestReply {
    send(story, Method::POST, path, &[("Authorization", key)], Some(body)).await
}

/// Creates twelve customers of campaign T. The income of each is 1,000 higher than that of the one before.
async fn people(story: &TestServer) {
    for name in ["T", "U", "V"] {
        let made = json!({ "task_id": name, "script_template": "您好。", "basis": "contract" });
        assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    }
    let of = |n: u32| json!({ "customer_id": format!("C{n}"), "phone": format!("138001380{n:02}") });
    let records: Vec<Value> = (0..12).map(of).collect();
    let listed = owner(
        story,
        "/api/v1/tasks/data",
        json!({ "task_id": "T", "records": records }),
    )
    .await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let of =
        |n: u32| json!({ "customer": format!("C{n}"), "set": { "monthly_income": (n * 1_000).to_string() } });
    let customers: Vec<Value> = (0..12).map(of).collect();
    let known = owner(
        story,
        "/api/v1/customers/attributes",
        json!({ "customers": customers }),
    )
    .await;
    assert_eq!(known.body["changed"], 12, "{}", known.body);
}

/// Adds a user with this role. Returns the user's key.
async fn user(story: &TestServer, name: &str, role: &str) -> String {
    add(story, name, &[role]).await;
    key(story, json!({ "user": name })).await
}

fn above(income: u32) -> Value {
    json!({ "sql": format!("SELECT * FROM customers WHERE monthly_income > {income}"), "sample": 100 })
}

#[test]
fn a_sealed_attribute_is_not_found_digit_by_digit() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        people(&story).await;
        let boss = user(&story, "boss", "admin").await;
        let ana = user(&story, "ana", "analyst").await;
        let zhao = user(&story, "zhao", "compliance").await;
        let preview = "/api/v1/segments/preview";
        // With the reveal right the count is exact.
        let shown = post(&story, preview, &zhao, above(500)).await;
        assert_eq!(
            (
                &shown.body["count"],
                shown.body["sample"].as_array().unwrap().len()
            ),
            (&json!(11), 11)
        );
        for (who, income, count) in [
            (&boss, 500, 10),
            (&ana, 500, 10),
            (&boss, 10_500, 0),
            (&ana, 9_500, 0),
        ] {
            let shown = post(&story, preview, who, above(income)).await;
            assert_eq!(
                (
                    &shown.body["count"],
                    &shown.body["rounded"],
                    &shown.body["sample"]
                ),
                (&json!(count), &json!(true), &json!([])),
                "{}",
                shown.body
            );
            let counted = post(&story, "/api/v1/segments/count", who, above(income)).await;
            assert_eq!(
                (&counted.body["count"], &counted.body["rounded"]),
                (&json!(count), &json!(true))
            );
        }
        // ORDER BY with a limit would reveal a value too.
        let order = json!({ "sql": "SELECT * FROM customers ORDER BY monthly_income DESC LIMIT 1" });
        let shown = post(&story, preview, &boss, order).await;
        assert_eq!(
            (&shown.body["count"], &shown.body["sample"]),
            (&json!(0), &json!([])),
            "{}",
            shown.body
        );
        // Figures of calls are not sealed: the count is exact, with example ids for a caller who may read
        // customers.
        let calls = json!({ "sql": "SELECT * FROM customers WHERE calls_count IS NULL OR calls_count = 0" });
        let named = post(&story, preview, &boss, calls.clone()).await;
        assert_eq!(
            (
                &named.body["count"],
                named.body["sample"].as_array().unwrap().len()
            ),
            (&json!(12), 10)
        );
        let unnamed = post(&story, preview, &ana, calls).await;
        assert_eq!(
            (&unnamed.body["count"], &unnamed.body["sample"]),
            (&json!(12), &json!([]))
        );
        let groups = json!({ "sql": "SELECT * FROM customers" });
        let rfm = post(&story, "/api/v1/segments/rfm", &boss, groups).await;
        assert_eq!(rfm.body["without_facts"], 10, "{}", rfm.body);
        // The columns are on record.
        let read = trail(&story, "inquiry.personal_data_read").await;
        let named = |one: &&Value| one["data"]["fields"] == json!(["segment", "monthly_income"]);
        assert!(read.iter().filter(named).count() >= 3, "{read:?}");
    });
    story.end();
}

#[test]
fn a_frozen_segment_over_a_sealed_attribute_is_counted_in_tens_and_never_of_a_few() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        people(&story).await;
        add(&story, "wang", &["operator"]).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        let freeze = async |campaign: &str, income: u32| {
            let path = format!("/api/v1/campaigns/{campaign}/segment");
            let order = json!({ "sql": format!("SELECT * FROM customers WHERE monthly_income > {income}") });
            post(&story, &path, &wang, order).await
        };
        let few = freeze("U", 10_500).await;
        assert_eq!(
            (few.status, few.code()),
            (422, "segment-too-small"),
            "{}",
            few.body
        );
        let many = freeze("V", 500).await;
        assert_eq!(many.status, 200, "{}", many.body);
        for count in ["/segment/count", "/import/rows", "/import/enrolled"] {
            assert_eq!(
                many.body.pointer(count),
                Some(&json!(10)),
                "{count}: {}",
                many.body
            );
        }
        let events = get(
            &story,
            "/api/v1/events?kind=campaign.segment_frozen&limit=10",
            &story.bearer(),
        )
        .await;
        assert_eq!(
            events.body["items"][0]["data"]["count"], 11,
            "the log has it as it is"
        );
    });
    story.end();
}

#[test]
fn a_dry_run_of_attributes_does_not_tell_which_values_are_known_already() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        people(&story).await;
        add(&story, "wang", &["operator"]).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        let tried = async |key: &str, income: u32| {
            let row = json!({ "customer": "C3", "set": { "monthly_income": income.to_string() } });
            let order = json!({ "customers": [row], "dry_run": true });
            let came = post(&story, "/api/v1/customers/attributes", key, order).await;
            (came.body["changed"].clone(), came.body["unchanged"].clone())
        };
        assert_eq!(tried(&wang, 3_000).await, tried(&wang, 3_001).await);
        assert_ne!(
            tried(&story.bearer(), 3_000).await,
            tried(&story.bearer(), 3_001).await
        );
    });
    story.end();
}
