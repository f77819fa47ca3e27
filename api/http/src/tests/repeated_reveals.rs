//! Tests of values that were shown in clear by an approval and are requested again with the idempotency key
//! of the first request.

use super::test_client::{TestReply, add, approve, key, owner, send};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

/// Sends a request with an idempotency key that is derived from its path, so that a repeat has the same key.
async fn keyed(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let key = path.replace('/', "-");
    let headers = [
        ("Authorization", authorization),
        ("Idempotency-Key", key.as_str()),
    ];
    send(story, Method::POST, path, &headers, Some(body)).await
}

/// The routes that show values in clear, with a body for each.
fn shows() -> [(&'static str, Value); 3] {
    [
        (
            "/api/v1/customers/reveal",
            json!({ "customers": ["C1"], "fields": ["phones"], "reason": "letters" }),
        ),
        (
            "/api/v1/inspections",
            json!({ "customer": "C1", "clear": true, "reason": "complaint 17" }),
        ),
        (
            "/api/v1/inspections/seen",
            json!({ "user": "li", "notice": true, "clear": true, "reason": "breach 3" }),
        ),
    ]
}

/// Shows each of them once to li, with an approval of wang. Returns li's key and the bodies with their
/// approvals.
async fn shown_once(story: &TestServer) -> (String, Vec<(&'static str, Value)>) {
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let records = json!([{ "customer_id": "C1", "phone": "13800138000" }]);
    let listed = json!({ "task_id": "T", "records": records });
    assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
    let mut keys = Vec::new();
    for name in ["li", "wang"] {
        add(story, name, &["compliance"]).await;
        keys.push(key(story, json!({ "user": name })).await);
    }
    let li = keys[0].as_str();
    let mut orders = Vec::new();
    for (path, mut order) in shows() {
        let needed = post(story, path, li, order.clone()).await;
        assert_eq!((needed.status, needed.code()), (409, "approval-needed"), "{path}");
        order["approval"] = needed.body["approval"].clone();
        let approved = approve(story, "wang", order["approval"].as_str().unwrap()).await;
        assert_eq!(approved.status, 200, "{path}: {}", approved.body);
        let shown = keyed(story, path, li, order.clone()).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.body);
        orders.push((path, order));
    }
    (keys.remove(0), orders)
}

async fn refused_all(story: &TestServer, li: &str, orders: &[(&'static str, Value)], why: &str) {
    for (path, order) in orders {
        let again = keyed(story, path, li, order.clone()).await;
        assert_eq!(again.status, 422, "{path}: {}", again.body);
        let text = again.body["detail"].as_str().unwrap();
        assert!(text.contains(why), "{path}: {text}");
    }
}

#[test]
fn a_repeat_is_shown_again_at_once_and_not_when_who_approved_it_was_disabled() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (li, orders) = shown_once(&story).await;
        for (path, order) in &orders {
            let again = keyed(&story, path, &li, order.clone()).await;
            assert_eq!(again.status, 200, "a lost reply: {path}: {}", again.body);
        }
        let left = json!({ "reason": "left" });
        let disabled = owner(&story, "/api/v1/users/wang/disable", left).await;
        assert_eq!(disabled.status, 200, "{}", disabled.body);
        refused_all(&story, &li, &orders, "is disabled").await;
    });
    story.end();
}

#[test]
fn a_repeat_of_weeks_later_is_not_shown() {
    let story = TestServer::begin();
    let (li, orders) = story.runtime.block_on(shown_once(&story));
    let story = story.later("2026-03-20T10:00:00+08:00");
    story
        .runtime
        .block_on(refused_all(&story, &li, &orders, "was used"));
    story.end();
}
