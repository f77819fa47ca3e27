//! Tests of preferences: each user has their own, replaces them over the version that was read, and chooses
//! from fixed values.

use super::test_client::{TestReply, add, get, key, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

const PREFERENCES: &str = "/api/v1/preferences";

async fn put(story: &TestServer, who: &str, etag: Option<&str>, body: Value) -> TestReply {
    let mut headers = vec![("Authorization", who)];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    send(story, Method::PUT, PREFERENCES, &headers, Some(body)).await
}

#[test]
fn preferences_are_a_users_own_and_are_replaced_over_those_that_were_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        add(&story, "chen", &["agent"]).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let first = get(&story, PREFERENCES, &wang).await;
        assert_eq!(first.body, json!({ "etag": "\"v0\"" }));
        let dark = json!({ "theme": "dark", "home": "wall" });
        assert_eq!(put(&story, &wang, None, dark.clone()).await.status, 428);
        let kept = put(&story, &wang, Some("\"v0\""), dark.clone()).await;
        assert_eq!(
            (kept.status, &kept.body["etag"]),
            (200, &json!("\"v1\"")),
            "{}",
            kept.body
        );
        let stale = put(&story, &wang, Some("\"v0\""), json!({ "language": "en" })).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"));
        let same = put(&story, &wang, Some("\"v1\""), dark).await;
        assert_eq!(same.body["etag"], "\"v1\"", "what is so already is no event");
        let unknown = put(&story, &wang, Some("\"v1\""), json!({ "home": "/customers/C1" })).await;
        assert_eq!(unknown.status, 422, "{}", unknown.body);
        assert_eq!(get(&story, PREFERENCES, &wang).await.body["home"], "wall");
        assert_eq!(
            get(&story, PREFERENCES, &chen).await.body,
            json!({ "etag": "\"v0\"" })
        );
        let refused = get(&story, PREFERENCES, &story.bearer()).await;
        assert_eq!((refused.status, refused.code()), (403, "preferences-of-a-user"));
        let changed = trail(&story, "preference.changed").await;
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!(changed[0]["data"], json!({ "theme": "dark", "home": "wall" }));
    });
    story.end();
}
