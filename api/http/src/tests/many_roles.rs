//! Tests of changing the roles of many users with one request: each row is applied whole or not at all, bad
//! rows are listed, a dry run changes nothing, and the last admin keeps the role.

use super::test_client::{TestReply, get, owner, trail};
use crate::testing::TestServer;
use serde_json::{Value, json};

async fn add(story: &TestServer, name: &str, roles: &[&str]) {
    let order = json!({ "name": name, "roles": roles, "password": "a long enough pass phrase" });
    let added = owner(story, "/api/v1/users", order).await;
    assert_eq!(added.status, 201, "{}", added.body);
}

async fn assign(story: &TestServer, rows: Value, dry_run: bool) -> TestReply {
    let order = json!({ "rows": rows, "reason": "the night shift begins", "dry_run": dry_run });
    owner(story, "/api/v1/roles/assign", order).await
}

async fn roles(story: &TestServer, name: &str) -> Value {
    let shown = get(story, &format!("/api/v1/users/{name}"), &story.bearer()).await;
    shown.body["roles"].clone()
}

fn rows_of(list: &Value) -> Vec<u64> {
    let items = list.as_array().unwrap().iter();
    items.filter_map(|item| item["row"].as_u64()).collect()
}

#[test]
fn good_rows_count_bad_ones_are_listed_and_a_dry_run_changes_nothing() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "boss", &["admin"]).await;
        add(&story, "wang", &["viewer"]).await;
        add(&story, "li", &["operator"]).await;
        let rows = json!([
            { "name": "wang", "roles": ["operator", "analyst"] },
            { "name": "nobody", "roles": ["viewer"] },
            { "name": "li", "roles": ["operator"] },
            { "name": "li", "roles": ["viewer"] },
            { "name": "wang2", "rolls": [] },
            { "name": "boss", "roles": ["operator"] },
        ]);
        let granted = trail(&story, "user.role_granted").await.len();
        let dry = assign(&story, rows.clone(), true).await;
        assert_eq!(dry.status, 200, "{}", dry.body);
        assert_eq!(rows_of(&dry.body["changed"]), [1], "{}", dry.body);
        assert_eq!(rows_of(&dry.body["bad_rows"]), [2, 4, 5, 6], "{}", dry.body);
        assert_eq!(roles(&story, "wang").await, json!(["viewer"]));
        assert_eq!(trail(&story, "user.role_granted").await.len(), granted);

        let done = assign(&story, rows, false).await;
        assert_eq!(rows_of(&done.body["changed"]), [1], "{}", done.body);
        assert_eq!(
            (&done.body["unchanged"], rows_of(&done.body["bad_rows"])),
            (&json!(1), vec![2, 4, 5, 6]),
            "{}",
            done.body
        );
        let changed = &done.body["changed"][0];
        assert_eq!(changed["before"], json!(["viewer"]));
        assert_eq!(changed["after"], roles(&story, "wang").await);
        // The row of the last admin was not applied in part either.
        assert_eq!(roles(&story, "boss").await, json!(["admin"]));
        assert_eq!(trail(&story, "user.role_granted").await.len(), granted + 2);
        assert_eq!(trail(&story, "user.role_revoked").await.len(), 1);
    });
    story.end();
}

#[test]
fn a_row_may_name_the_version_it_means_and_admins_are_counted_over_the_rows() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "boss", &["admin"]).await;
        add(&story, "chief", &["admin"]).await;
        let stale = json!([{ "name": "boss", "roles": ["admin", "auditor"], "version": 99 }]);
        let refused = assign(&story, stale, false).await;
        assert_eq!(rows_of(&refused.body["bad_rows"]), [1], "{}", refused.body);
        let both = json!([{ "name": "boss", "roles": ["viewer"] }, { "name": "chief", "roles": ["viewer"] }]);
        for dry_run in [true, false] {
            let came = assign(&story, both.clone(), dry_run).await;
            assert_eq!(rows_of(&came.body["changed"]), [1], "{}", came.body);
            assert_eq!(rows_of(&came.body["bad_rows"]), [2], "{}", came.body);
        }
        for body in [json!({ "rows": [], "reason": "x" }), json!({ "rows": [{}] })] {
            let wrong = owner(&story, "/api/v1/roles/assign", body).await;
            assert_eq!(wrong.status, 422, "{}", wrong.body);
        }
    });
    story.end();
}
