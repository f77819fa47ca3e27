//! Tests of drafts: each belongs to one user, is replaced only over the version that was read, and is sealed
//! in the log.

use super::test_client::{TestReply, add, key, owner, send};
use crate::testing::TestServer;
use domain::draft::{DraftKind, DraftName};
use hyper::Method;
use serde_json::{Value, json};

const DRAFTS: &str = "/api/v1/drafts";

async fn by(story: &TestServer, who: &str, method: Method, path: &str, body: Option<Value>) -> TestReply {
    send(story, method, path, &[("Authorization", who)], body).await
}

async fn save(story: &TestServer, who: &str, etag: Option<&str>, body: Value) -> TestReply {
    let mut headers = vec![("Authorization", who)];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    send(
        story,
        Method::PUT,
        "/api/v1/drafts/campaign-1",
        &headers,
        Some(body),
    )
    .await
}

fn begun(title: &str) -> Value {
    json!({ "kind": "campaign", "title": title, "body": { "step": 1, "phone": "13800138000" } })
}

#[test]
fn a_draft_is_its_users_own_and_is_saved_over_the_one_that_was_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        add(&story, "chen", &["operator"]).await;
        add(&story, "view", &["viewer"]).await;
        let mut keys = Vec::new();
        for user in ["wang", "chen", "view"] {
            keys.push(key(&story, json!({ "user": user })).await);
        }
        let [wang, chen, view] = keys.as_slice() else {
            panic!("three keys");
        };
        let made = by(&story, wang, Method::POST, DRAFTS, Some(begun("三月"))).await;
        assert_eq!(
            (made.status, &made.body["id"], &made.body["etag"]),
            (201, &json!("campaign-1"), &json!("\"v1\"")),
            "{}",
            made.body
        );
        let next = json!({ "title": "三月", "body": { "step": 2 } });
        assert_eq!(save(&story, wang, None, next.clone()).await.status, 428);
        let saved = save(&story, wang, Some("\"v1\""), next.clone()).await;
        assert_eq!((saved.status, &saved.body["body"]["step"]), (200, &json!(2)));
        let stale = save(&story, wang, Some("\"v1\""), begun_body(9)).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"));
        let list = by(&story, wang, Method::GET, DRAFTS, None).await;
        assert_eq!(list.body["items"][0]["title"], "三月");
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
        // Other users do not see the draft, and users who may not create campaigns have no drafts.
        let theirs = by(&story, chen, Method::GET, "/api/v1/drafts/campaign-1", None).await;
        assert_eq!(theirs.status, 404);
        assert_eq!(by(&story, view, Method::GET, DRAFTS, None).await.status, 403);
        let ownerless = owner(&story, DRAFTS, begun("x")).await;
        assert_eq!((ownerless.status, ownerless.code()), (403, "draft-of-a-user"));
        let removed = by(
            &story,
            wang,
            Method::POST,
            "/api/v1/drafts/campaign-1/remove",
            Some(json!({})),
        )
        .await;
        assert_eq!(removed.status, 200, "{}", removed.body);
        let gone = by(&story, wang, Method::GET, "/api/v1/drafts/campaign-1", None).await;
        assert_eq!(gone.status, 404);
        assert_eq!(save(&story, wang, Some("\"v3\""), next).await.status, 404);
    });
}

fn begun_body(step: u8) -> Value {
    json!({ "title": "三月", "body": { "step": step } })
}

#[test]
fn places_are_few_and_what_was_typed_is_in_no_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        for name in DraftName::all_of(DraftKind::Campaign) {
            let made = by(&story, &wang, Method::POST, DRAFTS, Some(begun("typed title"))).await;
            assert_eq!(made.body["id"], name.to_string(), "{}", made.body);
        }
        let full = by(&story, &wang, Method::POST, DRAFTS, Some(begun("x"))).await;
        assert_eq!((full.status, full.code()), (422, "drafts-full"));
        let flow = json!({ "kind": "flow", "title": "f", "body": {} });
        let made = by(&story, &wang, Method::POST, DRAFTS, Some(flow)).await;
        assert_eq!(made.body["id"], "flow-1");
        let large = json!({ "kind": "flow", "title": "f", "body": { "text": "x".repeat(64_000) } });
        let refused = by(&story, &wang, Method::POST, DRAFTS, Some(large)).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let events = by(
            &story,
            &story.bearer(),
            Method::GET,
            "/api/v1/events?kind=draft.saved&limit=50",
            None,
        )
        .await;
        let text = events.body.to_string();
        assert!(text.contains("draft.saved"), "{text}");
        assert!(!text.contains("typed title") && !text.contains("13800138000"));
    });
}
