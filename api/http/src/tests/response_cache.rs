//! Tests of the response cache: a reply is unchanged while nothing happens, differs after an event, and is
//! separate for each caller.

use super::test_client::{add, key, owner};
use crate::testing::TestServer;
use http_body_util::BodyExt;
use serde_json::{Value, json};

/// Reads a path with `If-None-Match: tag`. Returns the status, the etag and the body.
async fn read(story: &TestServer, path: &str, bearer: &str, tag: Option<&str>) -> (u16, String, Value) {
    let mut headers = vec![("Authorization", bearer)];
    headers.extend(tag.map(|tag| ("If-None-Match", tag)));
    let response = story.open_with(path, &headers).await;
    let (status, tag) = (
        response.status().as_u16(),
        response.headers().get("etag").cloned(),
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(bytes.is_empty(), status == 304);
    let tag = tag
        .map(|tag| tag.to_str().unwrap().to_owned())
        .unwrap_or_default();
    (status, tag, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn created(story: &TestServer, name: &str) -> String {
    let made = json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let made = owner(story, "/api/v1/campaigns", made).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let head = story.running.installation.store().head().await.unwrap();
    head.to_string()
}

#[test]
fn a_reply_is_the_same_until_something_happens() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (path, bearer) = ("/api/v1/campaigns", story.bearer());
        let head = created(&story, "A").await;
        let at_once = format!("{path}?after_position={head}");
        let (status, tag, first) = read(&story, &at_once, &bearer, None).await;
        assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 1));
        assert!(tag.len() > 10, "{tag}");
        for _ in 0..2 {
            assert_eq!(
                read(&story, &at_once, &bearer, None).await,
                (200, tag.clone(), first.clone())
            );
            let reply = read(&story, &at_once, &bearer, Some(&tag)).await;
            assert_eq!(reply, (304, tag.clone(), Value::Null));
        }
        let head = created(&story, "B").await;
        let at_once = format!("{path}?after_position={head}");
        let (status, other, second) = read(&story, &at_once, &bearer, Some(&tag)).await;
        assert_eq!((status, second["items"].as_array().unwrap().len()), (200, 2));
        assert_ne!(other, tag);
        let (status, _, _) = read(&story, "/api/v1/campaigns/A", &bearer, None).await;
        assert_eq!(status, 200);
        let (status, _, missing) = read(&story, "/api/v1/campaigns/C", &bearer, None).await;
        assert_eq!((status, &missing["code"]), (404, &json!("missing")));
    });
    story.end();
}

/// Number of reads within which the log reaches a state without further writes.
const READ_AGAIN_MAX: usize = 50;

#[test]
fn what_was_kept_for_one_is_given_to_no_other() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "A").await;
        created(&story, "B").await;
        add(&story, "li", &["operator"]).await;
        let order = json!({ "user": "li", "scopes": ["campaigns:read"], "campaigns": ["A"] });
        let key = key(&story, order).await;
        let head = story.running.installation.store().head().await.unwrap();
        let path = format!("/api/v1/campaigns?after_position={head}");
        let (_, all, listed) = read(&story, &path, &story.bearer(), None).await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        let (status, own, listed) = read(&story, &path, &key, Some(&all)).await;
        assert_eq!((status, listed["items"].as_array().unwrap().len()), (200, 1));
        assert_ne!(own, all);
        let (status, _, _) = read(&story, &path, "Bearer nobody", Some(&all)).await;
        assert_eq!(status, 401);
        // The refused request is recorded in the log, perhaps a moment after its reply, and the reply of
        // `key` contains the position of the log. Otherwise that reply is unchanged.
        let (mut status, mut own) = (0, own);
        for _ in 0..READ_AGAIN_MAX {
            let (again, tag, _) = read(&story, &path, &key, Some(&own)).await;
            (status, own) = (again, tag);
            if status == 304 {
                break;
            }
        }
        assert_eq!(status, 304);
    });
    story.end();
}
