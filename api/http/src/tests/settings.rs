//! Tests of settings: replaced only over the version that was read, in force at once, and readable as of a
//! past time.

use super::test_client::{PASSWORD, TestReply, add, get, key, send, sign_in, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

const NAME: &str = "/api/v1/settings/alerts.answer_per_mille_min";

async fn put(story: &TestServer, path: &str, if_match: Option<&str>, body: Value) -> TestReply {
    let bearer = story.bearer();
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(if_match.map(|etag| ("If-Match", etag)));
    send(story, Method::PUT, path, &headers, Some(body)).await
}

#[test]
fn a_setting_is_replaced_as_it_was_read_and_known_as_it_was() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let first = get(&story, NAME, &bearer).await;
        assert_eq!(
            (&first.body["value"], &first.body["etag"]),
            (&json!(300), &json!("\"v0\""))
        );
        let order = json!({ "value": 250, "reason": "the holidays" });
        let bare = put(&story, NAME, None, order.clone()).await;
        assert_eq!((bare.status, bare.code()), (428, "if-match-needed"));
        let done = put(&story, NAME, Some("\"v0\""), order.clone()).await;
        assert_eq!(
            (done.status, &done.body["value"]),
            (200, &json!(250)),
            "{}",
            done.body
        );
        let stale = put(
            &story,
            NAME,
            Some("\"v0\""),
            json!({ "value": 200, "reason": "x" }),
        )
        .await;
        assert_eq!((stale.status, stale.code()), (412, "stale"));
        let beyond = put(
            &story,
            NAME,
            Some("\"v1\""),
            json!({ "value": 1_001, "reason": "x" }),
        )
        .await;
        assert_eq!(beyond.status, 422, "{}", beyond.body);
        let changed = trail(&story, "setting.changed").await;
        assert_eq!(
            changed[0]["data"],
            json!({ "name": "alerts.answer_per_mille_min", "before": 300, "after": 250,
                "reason": "the holidays" })
        );
        let position = changed[0]["position"]
            .as_str()
            .map_or_else(|| changed[0]["position"].to_string(), str::to_owned);
        let before = position.parse::<u64>().unwrap() - 1;
        let then = get(&story, &format!("{NAME}?as_of={before}"), &bearer).await;
        assert_eq!(then.body["value"], json!(300), "{}", then.body);
        let limits = story.running.installation.alert_limits().await.unwrap();
        assert_eq!(limits.answer_per_mille_min, 250, "what watches goes by it");
        add(&story, "chen", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let headers = [("Authorization", chen.as_str()), ("If-Match", "\"v1\"")];
        let not_theirs = send(&story, Method::PUT, NAME, &headers, Some(order)).await;
        assert_eq!((not_theirs.status, not_theirs.code()), (403, "role-missing"));
        assert_eq!(
            get(&story, "/api/v1/settings/none.such", &bearer).await.status,
            404
        );
    });
    story.end();
}

#[test]
fn a_session_lasts_as_long_as_the_setting_says() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let path = "/api/v1/settings/sessions.hours_max";
        let order = json!({ "value": 2, "reason": "shared desks" });
        assert_eq!(put(&story, path, Some("\"v0\""), order).await.status, 200);
        add(&story, "wang", &["viewer"]).await;
        assert_eq!(sign_in(&story, "wang", PASSWORD).await.status, 200);
        let begun = trail(&story, "user.signed_in").await;
        let at: domain::time::Timestamp = begun[0]["at"].as_str().unwrap().parse().unwrap();
        let until: domain::time::Timestamp = begun[0]["data"]["until"].as_str().unwrap().parse().unwrap();
        let ms = until.ms_since(at);
        assert!((7_190_000..=7_200_000).contains(&ms), "{ms}");
    });
    story.end();
}

#[test]
fn how_much_a_key_may_send_is_a_setting_that_counts_from_the_next_second() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chen", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let refused = async || {
            let mut refused = 0;
            for _ in 0..220 {
                let came = get(&story, "/api/v1/whoami", &chen).await;
                refused += u32::from(came.code() == "rate-exceeded");
            }
            refused
        };
        assert_eq!(refused().await, 0);
        for (name, value) in [("requests.at_once_max", 100), ("requests.per_second", 20)] {
            let path = format!("/api/v1/settings/{name}");
            let order = json!({ "value": value, "reason": "a loop of theirs" });
            assert_eq!(put(&story, &path, Some("\"v0\""), order).await.status, 200);
        }
        story.running.installation.pause(1_100).await;
        assert!(
            refused().await > 0,
            "a hundred at once and twenty a second are fewer"
        );
        let low = json!({ "value": 19, "reason": "x" });
        let low = put(
            &story,
            "/api/v1/settings/requests.per_second",
            Some("\"v1\""),
            low,
        )
        .await;
        assert_eq!(low.status, 422, "{}", low.body);
    });
    story.end();
}

#[test]
fn heavy_questions_have_a_limit_of_their_own_and_others_go_on() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chen", &["analyst"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let path = "/api/v1/settings/requests.heavy_per_minute";
        let order = json!({ "value": 10, "reason": "a loop of theirs" });
        assert_eq!(put(&story, path, Some("\"v0\""), order).await.status, 200);
        story.running.installation.pause(1_100).await;
        let mut refused = 0;
        for _ in 0..12 {
            let headers = [("Authorization", chen.as_str())];
            let question = json!({ "sql": "SELECT 1" });
            let came = send(&story, Method::POST, "/api/v1/query", &headers, Some(question)).await;
            refused += u32::from(came.code() == "rate-exceeded");
        }
        assert!((1..=2).contains(&refused), "{refused} of twelve");
        assert_eq!(get(&story, "/api/v1/whoami", &chen).await.status, 200);
    });
    story.end();
}
