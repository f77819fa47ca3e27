//! Tests of saved reports and chart notes: sent to a channel with their figures, replaced over the version
//! that was read, and limited to the scope of the reader.

use super::test_client::{PASSWORD, add, campaign, get, key, owner, send, trail};
use super::webhooks::receiver;
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

const REPORTS: &str = "/api/v1/saved-reports";

fn weekly(more: &Value) -> Value {
    let mut body = json!({ "name": "weekly", "title": "周报", "metrics": ["answer_ratio_per_call"] });
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

#[test]
fn a_report_is_made_sent_to_its_channel_and_on_record_with_its_figures() {
    let story = TestServer::begin();
    let (url, deliveries) = receiver(&[]);
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let channel = json!({ "url": url, "allow_private": true });
        let channel = owner(&story, "/api/v1/alerts/channels", channel).await;
        assert_eq!(channel.status, 201, "{}", channel.body);
        let id = channel.body["id"].clone();
        let none = owner(&story, REPORTS, weekly(&json!({ "metrics": ["no_such"] }))).await;
        assert_eq!(none.status, 422, "{}", none.body);
        let order = weekly(&json!({ "channels": [id], "campaigns": ["T"] }));
        let made = owner(&story, REPORTS, order.clone()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let again = owner(&story, REPORTS, order.clone()).await;
        assert_eq!(again.status, 422, "a name is taken once: {}", again.body);
        // A repeated request gets the first reply.
        let bearer = story.bearer();
        let same = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "once-more"),
        ];
        let other = weekly(&json!({ "name": "other", "campaigns": ["T"] }));
        for _ in 0..2 {
            let made = send(&story, Method::POST, REPORTS, &same, Some(other.clone())).await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
        for _ in 0..2 {
            let path = format!("{REPORTS}/other/remove");
            let removed = send(&story, Method::POST, &path, &same, Some(json!({}))).await;
            assert_eq!(removed.status, 200, "{}", removed.body);
        }
        let sent = owner(&story, &format!("{REPORTS}/weekly/send"), json!({})).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        assert_eq!(sent.body["figures"][0]["campaign"], "T", "{}", sent.body);
        let kept = trail(&story, "saved_report.sent").await;
        assert_eq!(kept[0]["data"]["digest"], sent.body["digest"], "{kept:?}");
        let shown = get(&story, &format!("{REPORTS}/weekly"), &story.bearer()).await;
        assert_eq!(shown.body["figures"], sent.body["figures"], "{}", shown.body);
    });
    let message = deliveries.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(message["type"], "saved_report.sent", "{message}");
    assert_eq!(message["data"]["title"], "周报", "{message}");
    story.end();
}

#[test]
fn a_report_is_replaced_as_it_was_read_by_its_owner_and_shows_no_more_than_a_scope() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        add(&story, "chen", &["operator"]).await;
        let held = json!({ "name": "bei", "roles": ["operator"], "password": PASSWORD, "campaigns": ["U"] });
        assert_eq!(owner(&story, "/api/v1/users", held).await.status, 201);
        let chen = key(&story, json!({ "user": "chen" })).await;
        let bei = key(&story, json!({ "user": "bei" })).await;
        let order = weekly(&json!({ "campaigns": ["T"], "is_shared": true }));
        let headers = [("Authorization", chen.as_str())];
        let made = send(&story, Method::POST, REPORTS, &headers, Some(order.clone())).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("{REPORTS}/weekly");
        // No campaign of the report is in bei's scope; bei may not create a report about it either.
        assert_eq!(get(&story, &path, &bei).await.status, 404);
        let listed = get(&story, REPORTS, &bei).await;
        assert_eq!(listed.body["items"], json!([]), "{}", listed.body);
        let own = weekly(&json!({ "name": "mine", "campaigns": ["T"] }));
        let headers = [("Authorization", bei.as_str())];
        let refused = send(&story, Method::POST, REPORTS, &headers, Some(own)).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let over_all = weekly(&json!({ "name": "mine" }));
        let made = send(&story, Method::POST, REPORTS, &headers, Some(over_all)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let shown = get(&story, &format!("{REPORTS}/mine"), &bei).await;
        assert_eq!(
            shown.body["figures"].as_array().map(Vec::len),
            Some(1),
            "{}",
            shown.body
        );
        assert_eq!(shown.body["figures"][0]["campaign"], "U");
        // Only the owner may replace it, and only over the version that was read.
        let mut body = order.clone();
        body.as_object_mut().unwrap().remove("name");
        body["days"] = json!(30);
        let bearer = story.bearer();
        let put = |who, etag| {
            let headers = [("Authorization", who), ("If-Match", etag)];
            let (story, path, body) = (&story, path.clone(), body.clone());
            async move { send(story, Method::PUT, &path, &headers, Some(body)).await }
        };
        assert_eq!(put(chen.as_str(), "\"v7\"").await.status, 412);
        let refused = put(bearer.as_str(), "\"v1\"").await;
        assert_eq!(refused.status, 422, "another user's report: {}", refused.body);
        let put = put(chen.as_str(), "\"v1\"").await;
        assert_eq!((put.status, &put.body["days"]), (200, &json!(30)), "{}", put.body);
        let removed = format!("{path}/remove");
        let headers = [("Authorization", chen.as_str())];
        let removed = send(&story, Method::POST, &removed, &headers, Some(json!({}))).await;
        assert_eq!(removed.status, 200, "{}", removed.body);
        assert_eq!(get(&story, &path, &chen).await.status, 404);
    });
    story.end();
}

/// Two users add it at once, or one adds it again later: the note exists once, and both get it as the reply.
#[test]
fn the_same_note_sent_again_is_answered_and_stored_once() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let note = json!({ "chart": "answer_ratio_per_call", "text": "线路二停了十分钟",
            "about_at": "2026-03-02T01:00:00Z" });
        for _ in 0..2 {
            let added = owner(&story, "/api/v1/chart-notes", note.clone()).await;
            let stored = (added.status, &added.body["text"], &added.body["about_at"]);
            let expected = (200, &note["text"], &json!("2026-03-02T01:00:00.000000Z"));
            assert_eq!(stored, expected, "{}", added.body);
        }
        let path = "/api/v1/chart-notes?chart=answer_ratio_per_call";
        let seen = get(&story, path, &story.bearer()).await;
        assert_eq!(
            seen.body["items"].as_array().map(Vec::len),
            Some(1),
            "{}",
            seen.body
        );
    });
    story.end();
}

#[test]
fn a_note_about_a_campaign_is_seen_by_callers_who_see_that_campaign() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        let held = json!({ "name": "bei", "roles": ["operator"], "password": PASSWORD, "campaigns": ["U"] });
        assert_eq!(owner(&story, "/api/v1/users", held).await.status, 201);
        let bei = key(&story, json!({ "user": "bei" })).await;
        for about in [json!(null), json!("T")] {
            let mut note = json!({ "chart": "answer_ratio_per_call", "text": "线路二停了" });
            if about != json!(null) {
                note["campaign"] = about;
            }
            let added = owner(&story, "/api/v1/chart-notes", note).await;
            assert_eq!(added.status, 200, "{}", added.body);
        }
        let path = "/api/v1/chart-notes?chart=answer_ratio_per_call&campaign=T";
        let seen = get(&story, path, &story.bearer()).await;
        assert_eq!(
            seen.body["items"].as_array().map(Vec::len),
            Some(2),
            "{}",
            seen.body
        );
        assert_eq!(get(&story, path, &bei).await.body["items"], json!([]));
        let headers = [("Authorization", bei.as_str())];
        let note = json!({ "chart": "answer_ratio_per_call", "text": "x", "campaign": "T" });
        let refused = send(&story, Method::POST, "/api/v1/chart-notes", &headers, Some(note)).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let unknown = get(&story, "/api/v1/chart-notes?chart=no_such", &story.bearer()).await;
        assert_eq!(unknown.status, 404, "{}", unknown.body);
    });
    story.end();
}
