//! Tests of imports of numbers and of past calls: only callers with the reveal right see how many of the rows
//! were stored before.

use super::comparisons::{PHONE, campaign, importer, list, post};
use super::test_client::{add, key, owner, trail};
use crate::testing::TestServer;
use serde_json::{Value, json};

#[test]
fn lists_of_numbers_and_calls_are_counted_only_for_callers_with_the_reveal_right_and_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, "T").await;
        list(&story, "T", &[("C1", PHONE)]).await;
        add(&story, "zhao", &["compliance"]).await;
        let zhao = key(&story, json!({ "user": "zhao" })).await;
        let scopes = ["numbers:suppress", "numbers:read"];
        let narrow = key(&story, json!({ "user": "zhao", "scopes": scopes })).await;
        let numbers = json!({ "numbers": [PHONE], "reason": "national list" });
        let path = "/api/v1/numbers/import";
        let first = post(&story, path, &narrow, numbers.clone()).await;
        let again = post(&story, path, &narrow, numbers.clone()).await;
        assert_eq!(
            (first.status, &first.body["good"]),
            (200, &json!(1)),
            "{}",
            first.body
        );
        assert_eq!(
            first.body, again.body,
            "a number that is suppressed, and one that was before"
        );
        assert_eq!(trail(&story, "inquiry.compared").await.len(), 0);
        let in_full = post(&story, path, &zhao, numbers).await.body;
        assert_eq!(in_full["unchanged"], 1, "{in_full}");
        assert!(in_full["position"].is_string(), "{in_full}");

        let wang = importer(&story).await;
        let calls = |phone: &str| {
            json!({ "source": "vicidial", "calls": [{ "phone": phone, "key": "1", "proves_dial": true,
                "dialed_at": "2026-03-01T10:00:00+08:00", "answered": true, "status": "SALE" }] })
        };
        let path = "/api/v1/history";
        for phone in [PHONE, "13800139999", PHONE] {
            let came = post(&story, path, &wang, calls(phone)).await;
            assert_eq!(
                (came.status, came.body),
                (200, json!({ "rows": 1, "refused": [] }))
            );
        }
        let in_full = owner(&story, path, calls(PHONE)).await.body;
        assert_eq!(
            (&in_full["known"], &in_full["stored"], &in_full["of_people"]),
            (&json!(1), &json!(0), &json!(0)),
            "{in_full}"
        );
        let compared = trail(&story, "inquiry.compared").await;
        let facts: Vec<(&Value, &Value, &Value)> = compared
            .iter()
            .map(|one| {
                (
                    &one["data"]["what"],
                    &one["data"]["values"],
                    &one["data"]["found"],
                )
            })
            .collect();
        let (list, one) = (json!("list"), json!(1));
        assert_eq!(facts, [(&list, &one, &one), (&list, &one, &json!(0))]);
    });
    story.end();
}
