//! Tests of changing the data scopes of many users with one request: a row replaces the whole scope, bad rows
//! are listed, a dry run changes nothing, and a missing member widens no scope.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

async fn assign(story: &TestServer, rows: Value, dry_run: bool) -> TestReply {
    let order = json!({ "rows": rows, "reason": "the teams are new", "dry_run": dry_run });
    owner(story, "/api/v1/scopes/assign", order).await
}

fn rows_of(list: &Value) -> Vec<u64> {
    let items = list.as_array().unwrap().iter();
    items.filter_map(|item| item["row"].as_u64()).collect()
}

#[test]
fn good_rows_count_bad_ones_are_listed_and_a_gap_widens_nothing() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for (name, role) in [("wang", "operator"), ("li", "agent"), ("chen", "viewer")] {
            add(&story, name, &[role]).await;
        }
        let rows = json!([
            { "name": "wang", "campaigns": ["T"] },
            { "name": "li", "campaigns": ["T", "U"], "team": "north" },
            { "name": "chen", "campaigns": ["*"] },
            { "name": "nobody", "campaigns": ["T"] },
            { "name": "wang", "campaigns": ["U"] },
            { "name": "chen", "campaigns": [] },
            { "name": "chen" },
        ]);
        let dry = assign(&story, rows.clone(), true).await;
        assert_eq!(
            (dry.status, rows_of(&dry.body["changed"])),
            (200, vec![1, 2]),
            "{}",
            dry.body
        );
        assert_eq!(rows_of(&dry.body["bad_rows"]), [4, 5, 6, 7], "{}", dry.body);
        assert!(trail(&story, "user.scope_changed").await.is_empty());
        let done = assign(&story, rows.clone(), false).await;
        assert_eq!(rows_of(&done.body["changed"]), [1, 2], "{}", done.body);
        assert_eq!(done.body["unchanged"], 1, "{}", done.body);
        let li = &done.body["changed"][1];
        assert_eq!(
            (&li["before"]["campaigns"], &li["before"]["team"]),
            (&Value::Null, &Value::Null),
            "{li}"
        );
        assert_eq!(
            (&li["after"]["campaigns"], &li["after"]["team"]),
            (&json!(["T", "U"]), &json!("north")),
            "{li}"
        );
        assert_eq!(trail(&story, "user.scope_changed").await.len(), 2);
        let shown = get(&story, "/api/v1/users/li", &story.bearer()).await.body;
        assert_eq!(
            (&shown["campaigns"], &shown["team"]),
            (&json!(["T", "U"]), &json!("north")),
            "{shown}"
        );
        // An unchanged scope writes no event, so that no session ends.
        let again = assign(&story, rows, false).await;
        assert_eq!(again.body["unchanged"], 3, "{}", again.body);
        assert_eq!(trail(&story, "user.scope_changed").await.len(), 2);
        let stale = json!([{ "name": "wang", "campaigns": ["*"], "version": 1 }]);
        assert_eq!(rows_of(&assign(&story, stale, false).await.body["bad_rows"]), [1]);
    });
    story.end();
}

#[test]
fn only_callers_who_may_change_users_assign_scopes() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        let bearer = key(&story, json!({ "user": "wang" })).await;
        let order = json!({ "rows": [{ "name": "wang", "campaigns": ["*"] }], "reason": "mine" });
        let path = "/api/v1/scopes/assign";
        let came = send(
            &story,
            Method::POST,
            path,
            &[("Authorization", &bearer)],
            Some(order),
        )
        .await;
        assert_eq!(came.status, 403, "{}", came.body);
        for body in [json!({ "rows": [], "reason": "x" }), json!({ "rows": [{}] })] {
            assert_eq!(owner(&story, path, body).await.status, 422);
        }
    });
    story.end();
}
