//! Tests of owners of saved reports: the report of an owner who lost the right is not sent, and another user
//! with the right can take it over.

use super::test_client::{PASSWORD, TestReply, add, campaign, get, key, owner, send};
use super::webhooks::receiver;
use crate::testing::TestServer;
use domain::saved_report::SavedReportId;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;

const REPORTS: &str = "/api/v1/saved-reports";

async fn post(story: &TestServer, path: &str, bearer: &str, body: Value) -> TestReply {
    send(
        story,
        Method::POST,
        path,
        &[("Authorization", bearer)],
        Some(body),
    )
    .await
}

/// Whether the report is halted, so that the alert watch raises an alert about it.
fn is_halted(story: &TestServer) -> bool {
    let name: SavedReportId = "weekly".parse().unwrap();
    let reports = story.running.installation.halted.reports();
    reports.get(&name).copied().unwrap_or_default()
}

async fn disable(story: &TestServer, name: &str) {
    let path = format!("/api/v1/users/{name}/disable");
    let left = owner(story, &path, json!({ "reason": "left" })).await;
    assert_eq!(left.status, 200, "{}", left.body);
}

#[test]
fn a_report_of_a_disabled_owner_is_not_sent_until_another_user_takes_it_over() {
    let story = TestServer::begin();
    let (url, received) = receiver(&[]);
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        for (name, role) in [("chen", "operator"), ("li", "operator"), ("an", "analyst")] {
            add(&story, name, &[role]).await;
        }
        let held = json!({ "name": "bei", "roles": ["operator"], "password": PASSWORD, "campaigns": ["U"] });
        assert_eq!(owner(&story, "/api/v1/users", held).await.status, 201);
        let channel = json!({ "url": url, "allow_private": true });
        let channel = owner(&story, "/api/v1/alerts/channels", channel).await;
        assert_eq!(channel.status, 201, "{}", channel.body);
        let chen = key(&story, json!({ "user": "chen" })).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let order = json!({ "name": "weekly", "title": "周报", "metrics": ["answer_ratio_per_call"],
            "campaigns": ["T"], "channels": [channel.body["id"]] });
        let made = post(&story, REPORTS, &chen, order).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let path = format!("{REPORTS}/weekly");
        let take = format!("{path}/take-over");
        let reason = json!({ "reason": "chen left" });
        let private = post(&story, &take, &li, reason.clone()).await;
        assert_eq!(private.status, 404, "chen's own: {}", private.body);
        disable(&story, "chen").await;
        let sent = owner(&story, &format!("{path}/send"), json!({})).await;
        assert_eq!((sent.status, &sent.body["fault"]), (200, &json!("owner")));
        assert!(
            is_halted(&story) && received.try_recv().is_err(),
            "nothing was sent"
        );
        for (name, status) in [("bei", 404), ("an", 403)] {
            let bearer = key(&story, json!({ "user": name })).await;
            let refused = post(&story, &take, &bearer, reason.clone()).await;
            assert_eq!(refused.status, status, "{name}: {}", refused.body);
        }
        let shown = get(&story, &path, &li).await;
        let found = (&shown.body["is_owner_lost"], &shown.body["is_own"]);
        assert_eq!(found, (&json!(true), &json!(false)), "{}", shown.body);
        let taken = post(&story, &take, &li, reason).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        let found = (&taken.body["owner"], &taken.body["is_owner_lost"]);
        assert_eq!(found, (&json!("li"), &json!(false)), "{}", taken.body);
        assert!(!is_halted(&story));
        let sent = post(&story, &format!("{path}/send"), &li, json!({})).await;
        assert_eq!((sent.status, &sent.body["fault"]), (200, &Value::Null));
    });
    let message = received.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(message["type"], "saved_report.sent", "{message}");
    assert_eq!(message["data"]["figures"][0]["campaign"], "T", "{message}");
    story.end();
}

#[test]
fn a_report_of_an_owner_with_the_right_is_taken_over_by_no_user() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        for name in ["chen", "li"] {
            add(&story, name, &["operator"]).await;
        }
        let chen = key(&story, json!({ "user": "chen" })).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let order = json!({ "name": "weekly", "title": "周报", "metrics": ["answer_ratio_per_call"],
            "campaigns": ["T"], "is_shared": true });
        let made = post(&story, REPORTS, &chen, order).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let take = format!("{REPORTS}/weekly/take-over");
        let refused = post(&story, &take, &li, json!({ "reason": "x" })).await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "saved-report-of-another"),
            "{}",
            refused.body
        );
        // The owner is disabled, although nothing was due to be sent since.
        disable(&story, "chen").await;
        let taken = post(&story, &take, &li, json!({ "reason": "chen left" })).await;
        assert_eq!((taken.status, &taken.body["owner"]), (200, &json!("li")));
        let shown = get(&story, &format!("{REPORTS}/weekly"), &story.bearer()).await;
        assert_eq!(shown.body["owner"], "li", "{}", shown.body);
    });
    story.end();
}

#[test]
fn a_report_is_not_sent_to_a_channel_that_its_owner_may_not_name_any_more() {
    let story = TestServer::begin();
    let (url, received) = receiver(&[]);
    story.runtime.block_on(async {
        campaign(&story, json!([])).await;
        add(&story, "chen", &["operator", "analyst"]).await;
        let channel = json!({ "url": url, "allow_private": true });
        let channel = owner(&story, "/api/v1/alerts/channels", channel).await;
        assert_eq!(channel.status, 201, "{}", channel.body);
        let chen = key(&story, json!({ "user": "chen" })).await;
        let order = json!({ "name": "weekly", "title": "周报", "metrics": ["answer_ratio_per_call"],
            "campaigns": ["T"], "channels": [channel.body["id"]] });
        let made = post(&story, REPORTS, &chen, order).await;
        assert_eq!(made.status, 201, "{}", made.body);
        // An analyst may see figures but not use channels.
        let (read, write) = ("/api/v1/users/chen", "/api/v1/users/chen/roles");
        let less = json!({ "remove": "operator", "reason": "moves" });
        let changed = super::test_client::replace(&story, read, write, less).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let sent = owner(&story, &format!("{REPORTS}/weekly/send"), json!({})).await;
        assert_eq!((sent.status, &sent.body["fault"]), (200, &json!("owner")));
        assert_eq!(sent.body["figures"], Value::Null, "{}", sent.body);
        assert!(
            is_halted(&story) && received.try_recv().is_err(),
            "nothing was sent"
        );
        // With the right restored before anything is sent, the report stays chen's.
        let more = json!({ "add": "operator", "reason": "is back" });
        let changed = super::test_client::replace(&story, read, write, more).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        add(&story, "li", &["operator"]).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let take = format!("{REPORTS}/weekly/take-over");
        let refused = post(&story, &take, &li, json!({ "reason": "x" })).await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "saved-report-of-another"),
            "{}",
            refused.body
        );
        assert!(is_halted(&story));
        let back = post(&story, &take, &chen, json!({ "reason": "is back" })).await;
        assert_eq!((back.status, &back.body["is_owner_lost"]), (200, &json!(false)));
        assert!(!is_halted(&story));
    });
    story.end();
}
