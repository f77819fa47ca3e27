//! Tests of the audit search: exact counts, filters by thing and words, refused attempts, and that each
//! search is itself on record.

use super::test_client::{add, get, key, owner, replace, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::json;

#[test]
fn a_search_counts_everything_by_thing_and_words_and_is_itself_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        for name in ["wang", "li"] {
            add(&story, name, &["auditor"]).await;
        }
        for (name, role) in [("wang", "viewer"), ("wang", "analyst"), ("li", "viewer")] {
            let change = json!({ "add": role, "reason": format!("Quarterly audit of {name}") });
            let path = format!("/api/v1/users/{name}/roles");
            let read = format!("/api/v1/users/{name}");
            assert_eq!(replace(&story, &read, &path, change).await.status, 200);
        }
        let path = "/api/v1/audit/search";
        let of_wang = owner(&story, path, json!({ "user": "wang", "kind": "user." })).await;
        assert_eq!(of_wang.status, 200, "{}", of_wang.body);
        assert_eq!(of_wang.body["total"], 3, "{}", of_wang.body);
        let paged = owner(&story, path, json!({ "words": "quarterly AUDIT", "limit": 2 })).await;
        assert_eq!(
            (
                &paged.body["total"],
                paged.body["items"].as_array().unwrap().len()
            ),
            (&json!(3), 2)
        );
        let next = paged.body["next"].as_str().unwrap();
        let rest = owner(&story, path, json!({ "words": "quarterly AUDIT", "after": next })).await;
        // The record of the search before contains these words too, and comes after these items.
        assert_eq!(
            rest.body["items"][0]["kind"], "user.role_granted",
            "{}",
            rest.body
        );
        let searched = trail(&story, "inquiry.searched").await;
        assert_eq!(searched.len(), 3, "{searched:?}");
        assert_eq!(searched[0]["data"]["user"], "wang");
        assert_eq!(trail(&story, "inquiry.answered").await.len(), 3);
    });
    story.end();
}

#[test]
fn what_was_refused_to_a_key_is_found_by_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let path = "/api/v1/audit/search";
        // A key without a permitted role is refused, and the refusal is found by that key.
        add(&story, "zhao", &["viewer"]).await;
        let viewer = key(&story, json!({ "user": "zhao" })).await;
        let with_key = [("Authorization", viewer.as_str())];
        let refused = send(
            &story,
            Method::POST,
            path,
            &with_key,
            Some(json!({ "words": "x" })),
        )
        .await;
        assert_eq!((refused.status, refused.code()), (403, "role-missing"));
        let keys = get(&story, "/api/v1/api-keys", &story.bearer()).await;
        let id = keys.body["items"][0]["id"].clone();
        let wanted = json!({ "key": id, "kind": "access.refused" });
        let deadline = story.running.installation.now().plus_ms(5_000);
        loop {
            let found = owner(&story, path, wanted.clone()).await;
            if found.body["total"] == 1 {
                assert_eq!(found.body["items"][0]["data"]["code"], "role-missing");
                break;
            }
            assert!(story.running.installation.now() < deadline, "{}", found.body);
            story.running.installation.pause(20).await;
        }
    });
    story.end();
}

#[test]
fn a_phone_number_is_in_no_record_of_a_search_and_results_are_exported_with_their_proof() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let path = "/api/v1/audit/search";
        // The search uses the id derived from the phone number; the record does not contain the number.
        let number = owner(
            &story,
            "/api/v1/numbers/opt-out",
            json!({ "number": "13800138000", "reason": "asked" }),
        )
        .await;
        assert_eq!(number.status, 200, "{}", number.body);
        let found = owner(&story, path, json!({ "number": "13800138000" })).await;
        assert_eq!(
            found.body["items"][0]["kind"], "number.opted_out",
            "{}",
            found.body
        );
        let searched = trail(&story, "inquiry.searched").await;
        assert!(!searched.last().unwrap().to_string().contains("13800138000"));
        let nothing = owner(
            &story,
            "/api/v1/audit/export",
            json!({ "words": "words without a match" }),
        )
        .await;
        assert_eq!(nothing.status, 404, "{}", nothing.body);
        let file = owner(&story, "/api/v1/audit/export", json!({ "kind": "number." })).await;
        assert_eq!(file.status, 200, "{}", file.body);
        let taken = trail(&story, "inquiry.exported").await;
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert_eq!(taken[0]["data"]["what"], "audit");
    });
    story.end();
}
