//! Tests of anonymizing a campaign over HTTP: only a finished campaign is permitted, and only customers who
//! occur in no other campaign are erased.

use super::conversations::with_two;
use super::inspected_calls::granted;
use super::test_client::{get, owner, trail};
use crate::testing::TestServer;
use serde_json::{Value, json};

#[test]
fn a_campaign_that_is_over_keeps_its_figures_and_forgets_who_occurs_in_it_alone() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for (campaign, list) in [
            ("T", "客户ID,手机号,姓名\nC001,138-0013-8000,张三\nC002,138-0013-8001,李四\nC003,138-0013-8002,王五\n"),
            ("U", "客户ID,手机号,姓名\nC002,138-0013-8001,李四\n"),
        ] {
            let made = json!({ "task_id": campaign, "script_template": "您好。",
                "schedule": { "start_time": "09:00", "end_time": "18:00" } });
            assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
            let path = format!("/api/v1/campaigns/{campaign}/lists?source=a.csv");
            assert_eq!(story.post(&path, list).await.status().as_u16(), 200);
        }
        let hold = json!({ "reason": "a court asked" });
        assert_eq!(owner(&story, "/api/v1/customers/C003/hold", hold).await.status, 200);
        let path = "/api/v1/campaigns/T/anonymize";
        let order = |dry_run: bool| json!({ "reason": "the study is over", "dry_run": dry_run });
        let running = owner(&story, path, order(false)).await;
        assert_eq!(running.status, 422, "{}", running.body);
        let stopped = owner(&story, "/api/v1/campaigns/T/stop", json!({ "reason": "over" })).await;
        assert_eq!(stopped.status, 200);
        let dry = owner(&story, path, order(true)).await.body;
        assert_eq!((&dry["persons"], &dry["left"], &dry["erased"]), (&json!(3), &json!(1), &json!(0)), "{dry}");
        let done = owner(&story, path, order(false)).await.body;
        assert_eq!((&done["erased"], &done["in_other_campaigns"], &done["held"]), (&json!(1), &json!(1), &json!(1)), "{done}");
        assert_eq!(done["still_known"].as_array().unwrap().len(), 2, "{done}");
        assert_eq!(trail(&story, "campaign.anonymized").await.len(), 1);
        // By the time the erasure is certified, the customer's key is destroyed.
        assert_eq!(trail(&story, "customer.erasure_certified").await.len(), 1);
        let erased = get(&story, "/api/v1/customers/C001", &story.bearer()).await.body;
        assert_eq!(erased["name"], Value::Null, "{erased}");
        let report = get(&story, "/api/v1/campaigns/T", &story.bearer()).await.body;
        assert_eq!(report["enrolled"], 3, "{report}");
        let again = owner(&story, path, order(false)).await.body;
        assert_eq!(again["erased"], 1, "{again}");
    });
    story.end();
}

#[test]
fn an_erasure_that_waits_for_a_call_does_not_count_as_done() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        granted(&story, "C01").await;
        let stopped = owner(&story, "/api/v1/campaigns/T/stop", json!({ "reason": "over" })).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        let asked = json!({ "reason": "they asked" });
        let asked = owner(&story, "/api/v1/customers/C01/erase", asked).await.body;
        assert_eq!(asked["erasure"], "requested", "{asked}");
        let order = json!({ "reason": "the study is over" });
        let done = owner(&story, "/api/v1/campaigns/T/anonymize", order).await.body;
        assert_eq!(
            (&done["erased"], &done["not_yet"]),
            (&json!(1), &json!(1)),
            "{done}"
        );
        assert_eq!(done["still_known"][0]["why"], "open_call", "{done}");
    });
    story.end();
}
