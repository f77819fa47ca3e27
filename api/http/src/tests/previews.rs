//! Tests of preview dialing: an agent is offered the next callable customer, masked and on record, one at a
//! time and not one offered to another agent. An offer is accepted, skipped, or withdrawn by an emergency
//! stop.

use super::test_client::{TestReply, add, key, owner, send, trail};
use crate::testing::TestServer;
use crate::tests::route_server::RouteServer;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract",
    "dialing":{"mode":"preview","offer_ms":60000,"skip_wait_ms":60000},
    "schedule":{"start_time":"09:00","end_time":"18:00"}}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138001","name":"王小明"},
    {"customer_id":"C2","phone":"13800138002","name":"李四"},
    {"customer_id":"C3","phone":"13800138003","name":"张三"}]}"#;

fn begun() -> RouteServer {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    assert_eq!(server.post("/api/v1/campaigns/T/start", &json!({})).0, 200);
    at_head(&server);
    server
}

fn at_head(server: &RouteServer) {
    server.runtime.block_on(async {
        let installation = &server.running.installation;
        let head = installation.store().head().await.unwrap();
        installation.rows_at(head, 5_000).await.unwrap();
    });
}

fn say(server: &RouteServer, what: &str, body: &Value) -> (u16, Value) {
    server.post(&format!("/api/v1/campaigns/T/preview/{what}"), body)
}

fn next(server: &RouteServer, agent: &str) -> Value {
    let (status, reply) = say(server, "next", &json!({ "agent": agent }));
    assert_eq!(status, 200, "{reply}");
    reply
}

#[test]
fn each_agent_is_shown_another_masked_and_on_record_and_the_same_again_until_they_answer() {
    let server = begun();
    let one = next(&server, "li");
    let offer = &one["offer"];
    assert!(offer["customer"].is_string() && offer["call"].is_null(), "{one}");
    assert!(offer["phone"].as_str().unwrap().contains("****"), "{one}");
    assert!(
        !one.to_string().contains("小明") && !one.to_string().contains("C1\""),
        "{one}"
    );
    assert_eq!(
        next(&server, "li")["offer"]["customer"],
        offer["customer"],
        "the browser was closed"
    );
    let two = next(&server, "wang");
    assert_ne!(two["offer"]["customer"], offer["customer"]);
    assert_eq!(server.events("campaign.preview_offered").len(), 2);
    // The same read again within a minute is one read.
    let read = server.events("inquiry.personal_data_read");
    let read: BTreeSet<String> = read
        .iter()
        .map(|one| one["data"]["customer"].to_string())
        .collect();
    let shown = [&offer["customer"], &two["offer"]["customer"]];
    assert_eq!(read, shown.map(Value::to_string).into());
    let of_li = json!({ "agent": "li", "customer": two["offer"]["customer"] });
    let not_theirs = say(&server, "accept", &of_li);
    assert_eq!(not_theirs.0, 422, "{not_theirs:?}");
    let taken = say(
        &server,
        "accept",
        &json!({ "agent": "li", "customer": offer["customer"] }),
    );
    assert_eq!(taken.0, 200, "{taken:?}");
    assert!(taken.1["offer"]["call"].is_string(), "{taken:?}");
    assert_eq!(server.events("campaign.preview_accepted").len(), 1);
    assert_eq!(server.events("call.").len(), 0, "nothing here dials");
    server.end();
}

#[test]
fn a_skipped_customer_waits_and_the_next_is_shown_until_none_is_left() {
    let server = begun();
    for _ in 0..3 {
        let customer = next(&server, "li")["offer"]["customer"].clone();
        let without_reason = json!({ "agent": "li", "customer": customer });
        assert_eq!(say(&server, "skip", &without_reason).0, 422);
        let said = json!({ "agent": "li", "customer": customer, "reason": "in a meeting" });
        let skipped = say(&server, "skip", &said);
        assert_eq!(
            (skipped.0, &skipped.1["offer"]),
            (200, &Value::Null),
            "{skipped:?}"
        );
        assert_eq!(say(&server, "skip", &said).0, 422, "it is no offer any more");
        at_head(&server);
    }
    assert_eq!(next(&server, "li")["offer"], Value::Null, "all wait a minute");
    let skips = server.events("customer.preview_skipped");
    assert_eq!((skips.len(), &skips[0]["data"]["agent"]), (3, &json!("li")));
    server.end();
}

#[test]
fn who_may_not_be_called_is_settled_before_an_agent_sees_them() {
    let server = begun();
    for number in ["13800138001", "13800138002"] {
        let (status, reply) = server.post(
            &format!("/api/v1/numbers/{number}/suppress"),
            &json!({ "reason": "a court order" }),
        );
        assert!(status < 300, "{reply:?}");
    }
    let offer = next(&server, "li")["offer"].clone();
    assert!(offer["phone"].as_str().unwrap().ends_with("8003"), "{offer}");
    // Customers who are due at the same instant have no fixed order, so another agent's request may reach the
    // others.
    assert_eq!(next(&server, "wang")["offer"], Value::Null);
    let refused = server.events("customer.dial_refused");
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused.iter().all(|one| one["data"]["rule"] == "suppression"));
    assert_eq!(server.events("customer.enrolment_settled").len(), 2);
    server.end();
}

#[test]
fn nothing_is_offered_by_another_mode_outside_hours_without_an_agent_or_during_a_stop() {
    let server = begun();
    assert_eq!(say(&server, "next", &json!({})).0, 400);
    assert_eq!(say(&server, "next", &json!({ "agent": "L I" })).0, 422);
    let missing = server.post("/api/v1/campaigns/NONE/preview/next", &json!({ "agent": "li" }));
    assert_eq!(missing.0, 404, "{missing:?}");
    let offer = next(&server, "li")["offer"].clone();
    let stop = server.post("/api/v1/stop", &json!({ "scope": "all", "reason": "a test" }));
    assert!(stop.0 < 300, "{stop:?}");
    let answer = json!({ "agent": "li", "customer": offer["customer"] });
    for (what, body) in [("next", json!({ "agent": "wang" })), ("accept", answer)] {
        let (status, reply) = say(&server, what, &body);
        assert_eq!(status, 422, "{reply}");
        assert!(
            reply["type"].as_str().unwrap().ends_with("stop-engaged"),
            "{reply}"
        );
    }
    server.end();
    let batch = CAMPAIGN.replace(
        r#""dialing":{"mode":"preview","offer_ms":60000,"skip_wait_ms":60000},"#,
        "",
    );
    let server = RouteServer::with_people(&batch, PEOPLE);
    assert_eq!(say(&server, "next", &json!({ "agent": "li" })).0, 422);
    server.end();
    let server = RouteServer::begin();
    let night = CAMPAIGN.replace("60000,\"skip", "1,\"skip");
    let refused = server.send("POST", "/api/v1/campaigns", &night);
    assert!(
        refused.0 == 422 && refused.1.to_string().contains("offer_ms"),
        "{refused:?}"
    );
    server.end();
}

async fn of(story: &TestServer, bearer: &str, what: &str, body: Value) -> TestReply {
    let path = format!("/api/v1/campaigns/T/preview/{what}");
    send(
        story,
        Method::POST,
        &path,
        &[("Authorization", bearer)],
        Some(body),
    )
    .await
}

async fn post_as_owner(story: &TestServer, path: &str, body: &str) {
    let came = owner(story, path, serde_json::from_str(body).unwrap()).await;
    assert!(came.status < 300, "{path}: {}", came.body);
}

#[test]
fn a_signed_in_agent_is_shown_assigned_customers_of_their_own_campaigns() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        post_as_owner(&story, "/api/v1/campaigns", CAMPAIGN).await;
        post_as_owner(&story, "/api/v1/tasks/data", PEOPLE).await;
        post_as_owner(&story, "/api/v1/campaigns/T/start", "{}").await;
        let ann = json!({ "name": "ann", "roles": ["agent"], "campaigns": ["T"],
            "password": super::test_client::PASSWORD });
        assert_eq!(owner(&story, "/api/v1/users", ann).await.status, 201);
        add(&story, "bob", &["agent"]).await;
        let ann = key(&story, json!({ "user": "ann" })).await;
        let bob = key(&story, json!({ "user": "bob" })).await;
        post_as_owner(
            &story,
            "/api/v1/customers/C2/assign",
            r#"{"user":"ann","reason":"dialect"}"#,
        )
        .await;
        let installation = &story.running.installation;
        let head = installation.store().head().await.unwrap();
        installation.rows_at(head, 5_000).await.unwrap();
        assert_eq!(
            of(&story, &bob, "next", json!({})).await.status,
            404,
            "T is not his"
        );
        let shown = of(&story, &ann, "next", json!({ "agent": "bob" })).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let phone = shown.body["offer"]["phone"].as_str().unwrap();
        assert!(
            shown.body["agent"] == "ann" && phone.ends_with("8002"),
            "{}",
            shown.body
        );
        let customer = shown.body["offer"]["customer"].clone();
        post_as_owner(
            &story,
            "/api/v1/customers/C2/assign",
            r#"{"user":"bob","reason":"dialect"}"#,
        )
        .await;
        let late = of(&story, &ann, "accept", json!({ "customer": customer })).await;
        assert_eq!(
            late.status, 404,
            "the customer is assigned to another agent: {}",
            late.body
        );
        assert_eq!(trail(&story, "campaign.preview_accepted").await.len(), 0);
    });
    story.end();
}
