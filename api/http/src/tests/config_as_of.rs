//! Tests of `as_of` for configuration: webhooks, stops, retention periods and approvals are shown as they
//! were at that time.

use super::test_client::{add, approve, get, key, owner, send};
use super::webhooks::{HOOKS, nowhere};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

/// The head of the log, and the status and body of each reply as of that head.
struct AsOfReplies {
    head: String,
    answers: Vec<(u16, Value)>,
}

/// The reply without the members that depend on the position of the read.
fn plain(mut reply: Value) -> Value {
    for list in ["items", "classes"] {
        for item in reply[list].as_array_mut().into_iter().flatten() {
            let members = item.as_object_mut().unwrap();
            members.remove("known");
            members.remove("head");
        }
    }
    let members = reply.as_object_mut().unwrap();
    members.remove("known");
    members.remove("head");
    // A list that is missing became null when the loop above looked for it.
    for list in ["items", "classes"] {
        if members.get(list) == Some(&Value::Null) {
            members.remove(list);
        }
    }
    reply
}

async fn asked(story: &TestServer, paths: &[String]) -> AsOfReplies {
    let head = story.running.installation.store().head().await.unwrap();
    let mut answers = Vec::new();
    for path in paths {
        let came = get(story, path, &story.bearer()).await;
        answers.push((came.status, plain(came.body)));
    }
    AsOfReplies {
        head: head.to_string(),
        answers,
    }
}

async fn is_as_it_was(story: &TestServer, paths: &[String], then: &AsOfReplies) {
    for (path, (status, answer)) in paths.iter().zip(&then.answers) {
        let path = format!("{path}?as_of={}", then.head);
        let came = get(story, &path, &story.bearer()).await;
        // Also equal for things that did not exist then: the problem names no time.
        assert_eq!(
            (came.status, plain(came.body)),
            (*status, answer.clone()),
            "{path}"
        );
    }
}

async fn made(story: &TestServer, path: &str, body: Value) -> Value {
    let came = owner(story, path, body).await;
    assert!((200..300).contains(&came.status), "{path}: {}", came.body);
    came.body
}

async fn put(story: &TestServer, path: &str, body: Value) {
    let bearer = story.bearer();
    let shown = get(story, path, &bearer).await;
    let etag = shown.body["etag"].as_str().unwrap().to_owned();
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag.as_str())];
    let came = send(story, Method::PUT, path, &headers, Some(body)).await;
    assert_eq!(came.status, 200, "{}", came.body);
}

/// Creates C1 and requests its erasure, which another user must approve. Returns the approval's id.
async fn approval(story: &TestServer) -> String {
    let campaign = json!({ "task_id": "T", "script_template": "您好。" });
    made(story, "/api/v1/campaigns", campaign).await;
    let list = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138000" }] });
    made(story, "/api/v1/tasks/data", list).await;
    let mut keys = Vec::new();
    for name in ["li", "wang"] {
        add(story, name, &["compliance"]).await;
        keys.push(key(story, json!({ "user": name })).await);
    }
    let headers = [("Authorization", keys[0].as_str())];
    let path = "/api/v1/customers/C1/erase";
    let order = Some(json!({ "reason": "asked by letter" }));
    let came = send(story, Method::POST, path, &headers, order).await;
    assert_eq!(came.code(), "approval-needed", "{}", came.body);
    came.body["approval"].as_str().unwrap().to_owned()
}

#[test]
fn channels_stops_retention_and_approvals_answer_as_of_then() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let order =
            json!({ "url": nowhere("/")["url"], "allow_private": true, "events": ["number.opted_out"] });
        let hook = made(&story, HOOKS, order).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let hook = format!("{HOOKS}/{hook}");
        let channel = json!({ "url": "ops@example.com", "format": "mail", "smtp": "127.0.0.1:9",
            "allow_private": true });
        let approval = approval(&story).await;
        let one = format!("/api/v1/approvals/{approval}");
        let paths = [
            HOOKS,
            &hook,
            &format!("{hook}/dead-letters"),
            "/api/v1/alerts/channels",
            "/api/v1/stop",
            "/api/v1/retention",
            "/api/v1/retention/recordings",
            "/api/v1/approvals",
            &one,
        ]
        .map(str::to_owned);
        let mut remembered = vec![asked(&story, &paths).await];
        made(&story, "/api/v1/alerts/channels", channel).await;
        let stop = json!({ "scope": "all", "reason": "the flow names a wrong date" });
        made(&story, "/api/v1/stop", stop).await;
        put(
            &story,
            &hook,
            json!({ "events": ["call.ended"], "reason": "calls alone" }),
        )
        .await;
        let period = json!({ "days": 1_000, "reason": "the contract" });
        put(&story, "/api/v1/retention/recordings", period).await;
        remembered.push(asked(&story, &paths).await);
        made(
            &story,
            "/api/v1/stop/lift",
            json!({ "stop": "all", "reason": "put right" }),
        )
        .await;
        let came = approve(&story, "wang", &approval).await;
        assert_eq!(came.status, 200, "{}", came.body);
        remembered.push(asked(&story, &paths).await);
        made(&story, &format!("{hook}/remove"), json!({ "reason": "moved" })).await;
        for then in &remembered {
            is_as_it_was(&story, &paths, then).await;
        }
        for (index, path) in paths.iter().enumerate().filter(|(index, _)| *index != 2) {
            let answers: Vec<_> = remembered.iter().map(|then| &then.answers[index]).collect();
            assert!(answers.windows(2).any(|two| two[0] != two[1]), "{path} moved");
        }
        let gone = get(&story, &hook, &story.bearer()).await;
        assert_eq!(gone.status, 404, "{}", gone.body);
        let head = remembered[1].head.clone();
        let then = get(&story, &format!("/api/v1/stop?as_of={head}"), &story.bearer()).await;
        assert_eq!(then.body["known"]["position"], json!(head), "{}", then.body);
        assert_eq!(then.body["items"][0]["reason"], "the flow names a wrong date");
    });
    story.end();
}
