//! Tests of the preflight of a campaign: the numbers left after each rule with example ids, why it would not
//! dial, and that no end is estimated before there were enough calls.

use super::test_client::{add, key};
use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

fn made(story: &RouteServer, id: &str, more: Value) {
    let mut body = json!({ "task_id": id, "script_template": "您好。" });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let (status, made) = story.send("POST", "/api/v1/campaigns", &body.to_string());
    assert_eq!(status, 201, "{made}");
    let list = "客户ID,手机号,姓名\nC001,13800138000,张三\nC002,13800138001,李四\nC003,13800138002,王五\n";
    let path = format!("/api/v1/campaigns/{id}/lists?source=a.csv");
    assert_eq!(story.send("POST", &path, list).0, 200);
}

fn asked(story: &RouteServer, id: &str) -> Value {
    let path = format!("/api/v1/campaigns/{id}/preflight?per_minute_fen=15");
    let (status, reply) = story.send("GET", &path, "");
    assert_eq!(status, 200, "{reply}");
    reply
}

fn step<'a>(reply: &'a Value, rule: &str) -> &'a Value {
    let steps = reply["funnel"].as_array().unwrap();
    steps.iter().find(|step| step["rule"] == rule).unwrap()
}

#[test]
fn numbers_left_after_each_rule_come_with_ids_and_no_end_is_made_up() {
    let story = RouteServer::begin();
    made(&story, "T", json!({}));
    let opt_out = r#"{"number":"13800138001","reason":"asked by phone"}"#;
    assert_eq!(story.send("POST", "/api/v1/numbers/opt-out", opt_out).0, 200);
    let before = story.head();
    let reply = asked(&story, "T");
    assert_eq!(
        (&reply["people"], &reply["left"]),
        (&json!(3), &json!(2)),
        "{reply}"
    );
    assert_eq!(step(&reply, "consent")["left"], 3, "{reply}");
    let fell = step(&reply, "suppression");
    assert_eq!((&fell["never"], &fell["left"]), (&json!(1), &json!(2)), "{reply}");
    assert_eq!(fell["sample"].as_array().unwrap().len(), 1);
    assert_eq!(reply["ends"]["unknown"], json!(["too_few_calls"]));
    assert_eq!(reply["ends"]["latest"], Value::Null);
    assert_eq!(reply["cost"]["high_fen"], Value::Null);
    let text = reply.to_string();
    assert!(!text.contains("13800138") && !text.contains('张'), "{text}");
    assert_eq!(story.head(), before, "nothing is stored");
    story.end();
}

#[test]
fn what_keeps_everybody_is_named_and_what_can_never_dial_is_not_started() {
    let story = RouteServer::begin();
    made(&story, "LISTED", json!({ "only_listed_on": "consented-2026" }));
    let reply = asked(&story, "LISTED");
    let codes: Vec<&Value> = reply["blockers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert!(codes.contains(&&json!("white_list")), "{reply}");
    assert_eq!(story.send("POST", "/api/v1/campaigns/LISTED/start", "").0, 200);
    made(
        &story,
        "NIGHT",
        json!({ "schedule": { "start_time": "20:00", "end_time": "23:00" } }),
    );
    let reply = asked(&story, "NIGHT");
    let never = &reply["blockers"][0];
    assert_eq!(
        (&never["code"], &never["certain"]),
        (&json!("never_opens"), &json!(true)),
        "{reply}"
    );
    let (status, refused) = story.send("POST", "/api/v1/campaigns/NIGHT/start", "");
    assert_eq!(status, 422, "{refused}");
    assert!(
        refused["detail"].as_str().unwrap().contains("never dial"),
        "{refused}"
    );
    let (status, _) = story.send("GET", "/api/v1/campaigns/NONE/preflight", "");
    assert_eq!(status, 404);
    story.end();
}

#[test]
fn it_reads_much_and_counts_as_a_heavy_question() {
    let story = crate::testing::TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chen", &["analyst"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        for (path, is_heavy) in [("/api/v1/campaigns/T/preflight", true), ("/api/v1/whoami", false)] {
            let answer = story.open_with(path, &[("Authorization", &chen)]).await;
            let policy = answer.headers()["ratelimit-policy"].to_str().unwrap();
            assert_eq!(policy.contains("heavy"), is_heavy, "{path}: {policy}");
        }
    });
    story.end();
}
