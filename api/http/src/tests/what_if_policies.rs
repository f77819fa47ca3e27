//! Tests of the what-if comparison of policies: it estimates nothing for a campaign without calls, and
//! refuses an unknown policy by name.

use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/campaigns/T/what-if/policies";

#[test]
fn a_campaign_without_calls_answers_unknown_and_stores_nothing() {
    let story = RouteServer::begin();
    let body = json!({ "task_id": "T", "script_template": "您好。" });
    assert_eq!(story.send("POST", "/api/v1/campaigns", &body.to_string()).0, 201);
    let before = story.head();
    let asked = json!({ "preset": "cn-collection", "pacing": "naive", "agents": 3,
        "retry": { "retries_max": 9, "uncharged_max": 3, "rules": {} } });
    let (status, reply) = story.send("POST", PATH, &asked.to_string());
    assert_eq!(status, 200, "{reply}");
    assert_eq!(
        (&reply["dials"], &reply["whole"]),
        (&json!(0), &json!(true)),
        "{reply}"
    );
    assert_eq!(reply["preset"]["refused_high"], 0);
    assert_eq!(reply["retry"]["calls_more_high"], 0);
    assert_eq!(reply["pacing"]["unknown"], json!(["too_few_calls"]));
    assert_eq!(story.head(), before);
    for (wrong, code) in [
        (json!({ "pacing": "faster" }), "pacer-unknown"),
        (json!({}), "body-invalid"),
        (json!({ "preset": "cn-nothing" }), "body-invalid"),
    ] {
        let (status, refused) = story.send("POST", PATH, &wrong.to_string());
        assert!(status == 400 || status == 422, "{refused}");
        assert!(refused["code"] == code || code == "body-invalid", "{refused}");
    }
    let (status, none) = story.send(
        "POST",
        "/api/v1/campaigns/NONE/what-if/policies",
        &asked.to_string(),
    );
    assert_eq!((status, &none["preset"]), (404, &Value::Null), "{none}");
    story.end();
}
