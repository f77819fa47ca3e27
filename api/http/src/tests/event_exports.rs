//! Tests of exports that clients record themselves: the record of their begin and of their end.

use super::test_client::{add, get, key, owner, send, trail};
use crate::testing::TestServer;
use domain::ids::{CommandId, InquiryId};
use domain::inquiry::{ExportFacts, InquiryCommand};
use domain::stored_event::Cause;
use hyper::Method;
use serde_json::json;

const RECORD: &str = "/api/v1/exports/record";

#[test]
fn the_end_of_an_export_follows_its_beginning_and_does_not_change() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let begun = owner(&story, RECORD, json!({ "what": "backup", "by": "wang" })).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let id = begun.body["inquiry"].as_str().unwrap();
        let path = format!("{RECORD}/{id}/end");
        let end = json!({ "events": 120, "bytes": 4_096, "elapsed_ms": 35 });
        let ended = owner(&story, &path, end).await;
        assert_eq!(ended.status, 200, "{}", ended.body);
        let failed = json!({ "code": "not-taken", "detail": "the disk is full" });
        let twice = owner(&story, &path, failed.clone()).await;
        assert_eq!(
            (twice.status, twice.code()),
            (422, "taking-ended"),
            "{}",
            twice.body
        );
        assert!(trail(&story, "inquiry.refused").await.is_empty());
        let ends = trail(&story, "inquiry.answered").await;
        assert_eq!(
            (ends.len(), &ends[0]["data"]["rows"]),
            (1, &json!(120)),
            "{ends:?}"
        );
        assert_eq!(ends[0]["stream"], format!("inquiry-{id}"));
        let other = begun.body["inquiry"].as_str().unwrap().replace(|c| c != '-', "0");
        let unknown = owner(&story, &format!("{RECORD}/{other}/end"), failed.clone()).await;
        assert_eq!(unknown.status, 404, "{}", unknown.body);
        // An export by the server itself is on record too, but the server records its end.
        let command = CommandId::derive_from_text("export");
        let own = InquiryId::derive(command);
        let facts = ExportFacts {
            what: "calls".to_owned(),
            format: "csv".to_owned(),
            ..ExportFacts::default()
        };
        let export = InquiryCommand::Export { facts, by: None };
        let inquiries = &story.running.installation.entities.inquiries;
        inquiries
            .ask(&own, export, Cause::outside(command))
            .await
            .unwrap();
        let not_its = owner(&story, &format!("{RECORD}/{own}/end"), failed.clone()).await;
        assert_eq!(not_its.status, 404, "{}", not_its.body);
        let neither = owner(&story, &path, json!({ "bytes": 1 })).await;
        assert_eq!(neither.status, 422, "{}", neither.body);
    });
    story.end();
}

#[test]
fn the_trail_of_one_person_is_a_read_of_that_person() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let listed = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138001" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", listed).await.status, 200);
        add(&story, "law", &["compliance"]).await;
        let law = key(&story, json!({ "user": "law" })).await;
        let all = send(
            &story,
            Method::GET,
            "/api/v1/audit?by=li",
            &[("Authorization", &law)],
            None,
        )
        .await;
        assert_eq!(all.status, 200);
        assert!(
            trail(&story, "inquiry.personal_data_read").await.is_empty(),
            "a read of all records is not a read of one customer"
        );
        let of_one = get(&story, "/api/v1/audit?customer=C1&by=li", &law).await;
        assert_eq!(of_one.status, 200, "{}", of_one.body);
        let read = &trail(&story, "inquiry.personal_data_read").await[0];
        assert_eq!(
            (&read["by_whom"], &read["data"]["fields"]),
            (&json!("law"), &json!(["trail"]))
        );
        assert!(read["customer"].is_string(), "{read}");
    });
    story.end();
}
