//! Tests of the list of test phones, and of test calls that are refused: to other numbers, of an unknown
//! campaign, or without a SIP line.

use super::test_client::{add, key, owner, send};
use crate::tests::route_server::RouteServer;
use hyper::Method;
use serde_json::json;

#[test]
fn our_own_phones_are_listed_masked_with_a_reason_and_alone_may_be_tried() {
    let story = RouteServer::begin();
    let campaign = json!({ "task_id": "T", "script_template": "您好，{{days}}天。" }).to_string();
    assert_eq!(story.send("POST", "/api/v1/campaigns", &campaign).0, 201);
    let order = json!({ "phone": "13800138000", "label": "reception", "reason": "who reviews flows" });
    let (status, reply) = story.send("POST", "/api/v1/test-phones/add", &order.to_string());
    assert_eq!(
        (status, &reply["items"][0]["phone"]),
        (200, &json!("138****8000")),
        "{reply}"
    );
    let (status, reply) = story.send("GET", "/api/v1/test-phones", "");
    assert_eq!((status, &reply["items"][0]["label"]), (200, &json!("reception")));
    assert!(!reply.to_string().contains("13800138000"));
    let calls = "/api/v1/campaigns/T/test-calls";
    // A variable of the flow is missing; with it, only a SIP line is missing.
    let (status, reply) = story.send("POST", calls, "{}");
    assert_eq!(
        (status, &reply["errors"][0]["pointer"]),
        (422, &json!("/variables")),
        "{reply}"
    );
    let given = json!({ "variables": { "days": 3 } }).to_string();
    assert_eq!(story.send("POST", calls, &given).0, 503);
    assert_eq!(
        story.send("POST", "/api/v1/campaigns/NONE/test-calls", &given).0,
        404
    );
    let unknown_call = format!("{calls}/00000000-0000-4000-8000-000000000001");
    assert_eq!(story.send("GET", &unknown_call, "").0, 404);
    let unexplained = json!({ "phone": "13800138000", "reason": "" }).to_string();
    assert_eq!(
        story.send("POST", "/api/v1/test-phones/remove", &unexplained).0,
        422
    );
    let removal = json!({ "phone": "13800138000", "reason": "returned" }).to_string();
    let (status, reply) = story.send("POST", "/api/v1/test-phones/remove", &removal);
    assert_eq!((status, &reply["items"]), (200, &json!([])), "{reply}");
    let (status, reply) = story.send("POST", calls, &given);
    assert_eq!(
        (status, &reply["code"]),
        (422, &json!("test-number-not-listed")),
        "{reply}"
    );
    story.end();
}

#[test]
fn campaign_managers_may_hear_them_and_agents_may_not() {
    let story = crate::testing::TestServer::begin();
    story.runtime.block_on(async {
        let campaign = json!({ "task_id": "T", "script_template": "您好。" });
        assert_eq!(owner(&story, "/api/v1/campaigns", campaign).await.status, 201);
        let calls = "/api/v1/campaigns/T/test-calls";
        for (name, role, status) in [
            ("wang", "operator", 422),
            ("li", "admin", 422),
            ("zhao", "agent", 403),
        ] {
            add(&story, name, &[role]).await;
            let bearer = key(&story, json!({ "user": name, "campaigns": ["T"] })).await;
            let headers = [("Authorization", bearer.as_str())];
            let came = send(&story, Method::POST, calls, &headers, Some(json!({}))).await;
            // Permitted callers get 422 because no test phone is listed.
            assert_eq!(came.status, status, "{role}: {}", came.body);
        }
    });
    story.end();
}
