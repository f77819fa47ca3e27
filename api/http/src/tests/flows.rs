//! Tests of flows: published, rolled back, named by campaigns, approved by another user, and rehearsed.

use super::test_client::{TestReply, add, approve, get, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

/// The definition of a flow that says `text`.
fn saying(text: &str) -> Value {
    json!({ "flow": "greeting", "notices": { "recording": "本次通话将被录音。" }, "start": "hello",
        "on_exception": "bye", "nodes": {
            "hello": { "say": { "text": text, "next": "bye" } },
            "bye": { "end": { "text": "再见。", "outcome": "success" } } } })
}

async fn publish(story: &TestServer, text: &str) -> TestReply {
    owner(story, "/api/v1/flows", json!({ "definition": saying(text) })).await
}

fn campaign(name: &str, version: &str) -> Value {
    json!({ "task_id": name, "flow_version": version,
        "schedule": { "start_time": "09:00", "end_time": "18:00" } })
}

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

#[test]
fn versions_are_published_listed_gone_back_to_and_named_by_campaigns() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        for (text, status, named) in [
            ("您好。", 201, "greeting@1"),
            ("您好。", 200, "greeting@1"),
            ("早上好。", 201, "greeting@2"),
        ] {
            let came = publish(&story, text).await;
            assert_eq!(
                (came.status, &came.body["named"]),
                (status, &json!(named)),
                "{}",
                came.body
            );
        }
        let faulty = publish(&story, "{{nobody}}您好。").await;
        assert_eq!(faulty.status, 422, "{}", faulty.body);
        let position = publish(&story, "早上好。").await.body["position"].clone();
        let path = format!("/api/v1/flows?after_position={}", position.as_str().unwrap());
        let listed = get(&story, &path, &bearer).await;
        let row = &listed.body["items"][0];
        assert_eq!(
            (&row["flow"], &row["current_version"]),
            (&json!("greeting"), &json!(2)),
            "{row}"
        );
        let back = owner(
            &story,
            "/api/v1/flows/greeting/rollback",
            json!({ "reason": "complaints" }),
        )
        .await;
        assert_eq!(
            (back.status, &back.body["version"]),
            (200, &json!(1)),
            "{}",
            back.body
        );
        let rolled = &trail(&story, "flow.rolled_back").await[0];
        assert_eq!(rolled["data"]["reason"], "complaints");
        let versions = get(&story, "/api/v1/flows/greeting/versions", &bearer).await;
        let current: Vec<&Value> = versions.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["current"])
            .collect();
        assert_eq!(current, [&json!(true), &json!(false)]);
        let second = get(&story, "/api/v1/flows/greeting?version=2", &bearer).await;
        assert_eq!(
            second.body["definition"]["nodes"]["hello"]["say"]["text"],
            "早上好。"
        );
        let first = get(&story, "/api/v1/flows/greeting", &bearer).await;
        assert_eq!(first.body["version"], 1);
    });
    story.end();
}

#[test]
fn a_campaign_names_a_published_version_and_a_refusal_lists_them() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        publish(&story, "您好。").await;
        publish(&story, "早上好。").await;
        let made = owner(&story, "/api/v1/campaigns", campaign("A", "greeting@2")).await;
        assert_eq!(
            (made.status, &made.body["flow"]["version"]),
            (201, &json!(2)),
            "{}",
            made.body
        );
        let again = owner(&story, "/api/v1/campaigns", campaign("A", "greeting@2")).await;
        assert_eq!(again.status, 200, "{}", again.body);
        let unknown = owner(&story, "/api/v1/campaigns", campaign("B", "greeting@9")).await;
        assert_eq!((unknown.status, unknown.code()), (422, "flow-not-published"));
        let detail = unknown.body["detail"].as_str().unwrap();
        assert!(detail.contains("@1, @2"), "{detail}");
        let unversioned = owner(&story, "/api/v1/campaigns", campaign("B", "greeting")).await;
        assert_eq!(unversioned.status, 422, "{}", unversioned.body);
    });
    story.end();
}

#[test]
fn a_flow_that_asks_for_it_takes_no_version_without_another_person() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "li", &["operator"]).await;
        add(&story, "wang", &["operator"]).await;
        let (li, _) = (
            key(&story, json!({ "user": "li" })).await,
            key(&story, json!({ "user": "wang" })).await,
        );
        let path = "/api/v1/flows";
        let order = json!({ "definition": saying("您好。"), "approvals": true });
        let needed = post(&story, path, &li, order.clone()).await;
        assert_eq!(
            (needed.status, needed.code()),
            (409, "approval-needed"),
            "{}",
            needed.body
        );
        assert!(trail(&story, "flow.published").await.is_empty());
        let id = needed.body["approval"].as_str().unwrap().to_owned();
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
        let mut other = json!({ "definition": saying("别的。"), "approval": id });
        assert_eq!(
            post(&story, path, &li, other.clone()).await.status,
            422,
            "approved for other words"
        );
        let mut approved = order;
        approved["approval"] = json!(id);
        let done = post(&story, path, &li, approved).await;
        assert_eq!(
            (done.status, &done.body["approvals"]),
            (201, &json!(true)),
            "{}",
            done.body
        );
        let published = &trail(&story, "flow.published").await[0];
        assert_eq!(published["data"]["four_eyes"]["approved_by"], "wang");
        other.as_object_mut().unwrap().remove("approval");
        assert_eq!(
            post(&story, path, &li, other).await.status,
            409,
            "each further version asks too"
        );
        let inline = json!({ "task_id": "T", "flow": saying("别的。"),
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let inline = post(&story, "/api/v1/campaigns", &li, inline).await;
        assert_eq!(inline.status, 422, "no campaign goes around it: {}", inline.body);
        let mut asks = campaign("U", "greeting@1");
        asks["approvals"] = json!(["flows"]);
        let made = post(&story, "/api/v1/campaigns", &li, asks).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let script = json!({ "task_id": "V", "script_template": "您好。", "approvals": ["flows"],
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let script = post(&story, "/api/v1/campaigns", &li, script).await;
        assert_eq!((script.status, script.code()), (422, "flow-not-approved"));
    });
    story.end();
}

#[test]
fn a_published_flow_is_rehearsed_by_seed_and_never_with_too_many() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        publish(&story, "您好。").await;
        let path = "/api/v1/flows/greeting/simulate";
        let order = json!({ "callers": 20, "seed": 7 });
        let one = owner(&story, path, order.clone()).await;
        assert_eq!((one.status, &one.body["stuck"]), (200, &json!(0)), "{}", one.body);
        assert_eq!(owner(&story, path, order).await.body, one.body);
        let many = owner(&story, path, json!({ "callers": 2_001 })).await;
        assert_eq!(many.status, 422, "{}", many.body);
        let covered = get(&story, "/api/v1/flows/greeting/coverage", &story.bearer()).await;
        assert_eq!(
            (covered.status, &covered.body["calls"]),
            (200, &json!(0)),
            "{}",
            covered.body
        );
        assert_eq!(covered.body["nodes"]["missed"], json!(["bye", "hello"]));
        assert_eq!(covered.body["entered"], json!({}));
        let varied = get(&story, "/api/v1/flows/greeting/variants", &story.bearer()).await;
        assert_eq!(
            (varied.status, &varied.body["texts"]),
            (200, &json!([])),
            "{}",
            varied.body
        );
    });
    story.end();
}
