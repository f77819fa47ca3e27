//! Requests with an `Idempotency-Key` as they meet a server: done once, refused with another body, a user's
//! their own; and what events keep of a request's trace.

use super::asking::{Came, add, key, send, trail};
use crate::testing::{Story, settings};
use hyper::Method;
use serde_json::{Value, json};

async fn post(story: &Story, path: &str, headers: &[(&str, &str)], body: Value) -> Came {
    send(story, Method::POST, path, headers, Some(body)).await
}

/// The same log under another process.
fn restarted(story: Story) -> Story {
    let Story {
        running,
        runtime,
        directory,
        ..
    } = story;
    runtime.block_on(running.stop());
    let later = settings(directory.path());
    Story::on(directory, runtime, later)
}

fn campaign(name: &str) -> Value {
    json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } })
}

#[test]
fn a_key_is_for_one_body_and_the_same_again_is_answered_as_the_first_time() {
    let story = Story::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "monday-1"),
        ];
        let path = "/api/v1/campaigns";
        let first = post(&story, path, &headers, campaign("A")).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let order = json!({ "reason": "the list is wrong" });
        let stopped = post(&story, "/api/v1/campaigns/A/stop", &headers, order).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        let again = post(&story, path, &headers, campaign("A")).await;
        assert_eq!(
            (again.status, &again.body),
            (201, &first.body),
            "whatever came since"
        );
        let other = post(&story, path, &headers, campaign("B")).await;
        assert_eq!(
            (other.status, other.code()),
            (422, "idempotency-key-reused"),
            "{}",
            other.body
        );
        let mut changed = campaign("A");
        changed["schedule"]["end_time"] = json!("17:00");
        let changed = post(&story, path, &headers, changed).await;
        assert_eq!((changed.status, changed.code()), (422, "idempotency-key-reused"));
        let made = trail(&story, "campaign.created").await;
        assert_eq!(made.len(), 1, "nothing of the others was done");
    });
    story.end();
}

/// What the log has survives the process: the key is known to the next one.
#[test]
fn a_key_of_before_a_restart_is_answered_as_then_and_does_nothing() {
    let story = Story::begin();
    let path = "/api/v1/campaigns";
    let first = story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "tuesday-1"),
        ];
        post(&story, path, &headers, campaign("A")).await
    });
    assert_eq!(first.status, 201, "{}", first.body);
    let story = restarted(story);
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "tuesday-1"),
        ];
        let again = post(&story, path, &headers, campaign("A")).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        let other = post(&story, path, &headers, campaign("B")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        assert_eq!(trail(&story, "campaign.created").await.len(), 1);
    });
    story.end();
}

/// A list is named by what is in it: without the campaign's own memory of the key another one would enrol.
#[test]
fn a_key_that_brought_a_list_brings_no_other_also_after_a_restart() {
    let story = Story::begin();
    let path = "/api/v1/tasks/data";
    let list =
        |id: &str, phone: &str| json!({ "task_id": "T", "records": [{ "customer_id": id, "phone": phone }] });
    story.runtime.block_on(async {
        super::asking::campaign(&story, json!([])).await;
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-1")];
        let first = post(&story, path, &headers, list("C1", "13800138001")).await;
        assert_eq!(
            (first.status, &first.body["enrolled"]),
            (200, &json!(1)),
            "{}",
            first.body
        );
        let other = post(&story, path, &headers, list("C2", "13800138002")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
    });
    let story = restarted(story);
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-1")];
        let again = post(&story, path, &headers, list("C1", "13800138001")).await;
        assert_eq!(
            (again.status, &again.body["repeated"]),
            (200, &json!(true)),
            "{}",
            again.body
        );
        let other = post(&story, path, &headers, list("C3", "13800138003")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        let new_key = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-2")];
        let other = post(&story, path, &new_key, list("C3", "13800138003")).await;
        assert_eq!(
            (other.status, &other.body["enrolled"]),
            (200, &json!(1)),
            "{}",
            other.body
        );
        assert_eq!(trail(&story, "customer.enrolled").await.len(), 2);
    });
    story.end();
}

#[test]
fn a_key_of_one_user_is_not_anothers() {
    let story = Story::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        add(&story, "zhao", &["operator"]).await;
        for (user, name) in [("wang", "A"), ("zhao", "B")] {
            let bearer = key(&story, json!({ "user": user })).await;
            let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "one")];
            let made = post(&story, "/api/v1/campaigns", &headers, campaign(name)).await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
    });
    story.end();
}

#[test]
fn events_keep_where_the_trace_of_their_request_stood() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let story = Story::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let path = "/api/v1/campaigns";
        for (name, trace) in [("A", TRACE), ("B", "no-trace")] {
            let headers = [("Authorization", bearer.as_str()), ("traceparent", trace)];
            assert_eq!(post(&story, path, &headers, campaign(name)).await.status, 201);
        }
        let told = send(
            &story,
            Method::GET,
            "/api/v1/events?kind=campaign.created",
            &[("Authorization", &bearer)],
            None,
        )
        .await;
        let items = told.body["items"].as_array().unwrap().clone();
        let traces: Vec<_> = items.iter().map(|event| event["traceparent"].as_str()).collect();
        assert_eq!(traces, [Some(TRACE), None]);
    });
    story.end();
}

#[test]
fn a_write_with_a_version_that_is_not_current_changes_nothing() {
    let story = Story::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let with = |version: &'static str| [("Authorization", bearer.as_str()), ("If-Match", version)];
        let none = [("Authorization", bearer.as_str())];
        assert_eq!(
            post(&story, "/api/v1/campaigns", &none, campaign("A"))
                .await
                .status,
            201
        );
        let order = || json!({ "reason": "the list is wrong" });
        let path = "/api/v1/campaigns/A/stop";
        let stale = post(&story, path, &with("\"v7\""), order()).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"), "{}", stale.body);
        let wrong = post(&story, path, &with("v1"), order()).await;
        assert_eq!((wrong.status, wrong.code()), (400, "if-match-invalid"));
        assert!(trail(&story, "campaign.stopped").await.is_empty());
        let current = post(&story, path, &with("\"v1\""), order()).await;
        assert_eq!(current.status, 200, "{}", current.body);
    });
    story.end();
}
