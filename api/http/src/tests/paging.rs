//! Tests of paged lists on a running server: each row occurs once, and a cursor is valid for its own query
//! only.

use super::test_client::{get, owner};
use crate::testing::TestServer;
use serde_json::{Value, json};

async fn created(story: &TestServer, id: &str) {
    let made = json!({ "task_id": id, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
}

fn ids(page: &Value, member: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

/// Reads a list page by page with one row each. Returns all ids.
async fn walked(story: &TestServer, path: &str, member: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(story, &format!("{path}limit=1{next}"), &story.bearer()).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        let found = ids(&page.body, member);
        assert!(found.len() <= 1, "{path}");
        seen.extend(found);
        match page.body["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return seen,
        }
    }
}

async fn whole(story: &TestServer, path: &str, member: &str) -> Vec<String> {
    let page = get(story, path, &story.bearer()).await;
    assert_eq!(
        (page.status, &page.body["next_cursor"]),
        (200, &Value::Null),
        "{path}"
    );
    ids(&page.body, member)
}

#[test]
fn every_list_has_pages_with_each_row_once() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for id in ["A", "B", "C"] {
            created(&story, id).await;
            let user = json!({ "name": format!("user{id}"), "roles": ["viewer"] });
            assert_eq!(owner(&story, "/api/v1/users", user).await.status, 201);
            let key = json!({ "user": format!("user{id}") });
            assert_eq!(owner(&story, "/api/v1/api-keys", key).await.status, 201);
            let complaint = json!({ "source": "own", "number": "13800138000", "what": id });
            assert_eq!(owner(&story, "/api/v1/complaints", complaint).await.status, 201);
            let hook = json!({ "url": format!("http://127.0.0.1:9/{id}"), "allow_private": true });
            assert_eq!(owner(&story, "/api/v1/webhooks", hook).await.status, 201);
        }
        let head = story.running.installation.store().head().await.unwrap();
        let installation = &story.running.installation;
        installation.rows_at(head, 5_000).await.unwrap();
        for (path, member) in [
            ("/api/v1/campaigns?", "id"),
            ("/api/v1/users?", "name"),
            ("/api/v1/api-keys?", "id"),
            ("/api/v1/complaints?source=own&", "id"),
            ("/api/v1/webhooks?", "id"),
        ] {
            let all = whole(&story, path, member).await;
            assert_eq!(all.len(), 3, "{path}");
            assert_eq!(walked(&story, path, member).await, all, "{path}");
        }
        let trail = walked(&story, "/api/v1/audit?kind=campaign.created&", "id").await;
        assert_eq!(trail.len(), 3);
    });
    story.end();
}

/// Lists that grow with time: stops, subscribers, flow versions, targets.
#[test]
fn lists_that_grow_with_the_years_have_pages_too() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for id in ["A", "B", "C"] {
            created(&story, id).await;
            let stop = json!({ "scope": "campaign", "id": id, "reason": "a wrong date" });
            assert_eq!(owner(&story, "/api/v1/stop", stop).await.status, 200);
            let flow = json!({ "flow": "greeting", "notices": { "recording": "本次通话将被录音。" },
                "start": "hello", "on_exception": "bye", "nodes": {
                    "hello": { "say": { "text": format!("{id}，您好。"), "next": "bye" } },
                    "bye": { "end": { "text": "再见。", "outcome": "success" } } } });
            let published = owner(&story, "/api/v1/flows", json!({ "definition": flow })).await;
            assert_eq!(published.status, 201, "{}", published.body);
            let follows = format!("/api/v1/events/stream?subscriber=reader{id}");
            assert_eq!(story.open(&follows, &[]).await.status(), 200);
            let targets = json!({ "targets": [{ "metric": "answer_ratio_per_call", "ratio": 0.3 }] });
            let path = format!("/api/v1/campaigns/{id}/targets");
            assert_eq!(owner(&story, &path, targets).await.status, 200);
        }
        let head = story.running.installation.store().head().await.unwrap();
        story.running.installation.rows_at(head, 5_000).await.unwrap();
        for (path, member) in [
            ("/api/v1/stop?", "stop"),
            ("/api/v1/subscribers?", "name"),
            ("/api/v1/flows/greeting/versions?", "content_hash"),
            ("/api/v1/reports/target-actual?", "campaign"),
        ] {
            let all = whole(&story, path, member).await;
            assert_eq!(all.len(), 3, "{path}");
            assert_eq!(walked(&story, path, member).await, all, "{path}");
        }
        let first = get(&story, "/api/v1/reports/target-actual?limit=1", &story.bearer()).await;
        assert_eq!(first.body["left_off"], 2, "{}", first.body);
    });
    story.end();
}

#[test]
fn a_cursor_is_valid_only_for_its_own_query() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        for what in ["one", "two"] {
            let complaint = json!({ "source": "own", "number": "13800138000", "what": what });
            assert_eq!(owner(&story, "/api/v1/complaints", complaint).await.status, 201);
        }
        let first = get(&story, "/api/v1/complaints?source=own&limit=1", &bearer).await;
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(
            first.body["report"]["received"], 2,
            "the report is of all of them"
        );
        let goes_on = format!("/api/v1/complaints?limit=9&cursor={cursor}&source=own");
        assert_eq!(get(&story, &goes_on, &bearer).await.status, 200);
        for (path, why) in [
            (format!("/api/v1/complaints?cursor={cursor}"), "another filter"),
            (
                format!("/api/v1/complaints?source=12321&cursor={cursor}"),
                "another value",
            ),
            (
                format!("/api/v1/requests?source=own&cursor={cursor}"),
                "another route",
            ),
            (
                format!("/api/v1/complaints?source=own&cursor={cursor}A"),
                "damaged",
            ),
            ("/api/v1/complaints?source=own&cursor=2".to_owned(), "no cursor"),
        ] {
            let reply = get(&story, &path, &bearer).await;
            // A route refuses an unknown parameter before it reads the cursor.
            let code = if why == "another route" {
                "query-unknown"
            } else {
                "cursor-invalid"
            };
            assert_eq!((reply.status, reply.code()), (400, code), "{why}");
        }
        let reply = get(&story, &format!("/api/v1/requests?cursor={cursor}"), &bearer).await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "cursor-invalid"),
            "another route, no filter"
        );
    });
    story.end();
}

#[test]
fn a_search_with_its_filter_in_a_body_continues_by_a_cursor_and_finds_the_same() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for id in ["A", "B", "C"] {
            created(&story, id).await;
        }
        let ask = |body: Value| owner(&story, "/api/v1/audit/search", body);
        let first = ask(json!({ "kind": "campaign.created", "limit": 2 })).await;
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        created(&story, "D").await;
        let rest = ask(json!({ "kind": "campaign.created", "limit": 2, "cursor": cursor })).await;
        let counts = (rest.body["items"].as_array().unwrap().len(), &rest.body["total"]);
        assert_eq!(counts, (1, &json!(3)), "what came meanwhile is of another search");
        assert_eq!(rest.body["next_cursor"], Value::Null);
        let other = ask(json!({ "kind": "campaign.started", "limit": 2, "cursor": cursor })).await;
        assert_eq!((other.status, other.code()), (400, "cursor-invalid"));
    });
    story.end();
}
