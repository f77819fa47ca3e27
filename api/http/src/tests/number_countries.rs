//! Tests of numbers without a country code if campaigns of several countries exist: an opt-out applies to all
//! of them, lookups and calls are refused, and the setting decides once it is set.

use super::test_client::{get, owner, send};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

const OPT_OUT: &str = "/api/v1/numbers/opt-out";
const LOOKUP: &str = "/api/v1/numbers/lookup";

fn campaign(id: &str, preset: &str) -> Value {
    json!({ "task_id": id, "script_template": "您好。", "basis": "contract", "preset": preset,
        "schedule": { "start_time": "10:00", "end_time": "18:00" } })
}

async fn both_countries(story: &TestServer) {
    for body in [campaign("CN", "cn-service"), campaign("US", "us-tsr")] {
        let made = owner(story, "/api/v1/campaigns", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
}

#[test]
fn an_opt_out_without_a_country_code_holds_in_every_country_in_use_and_the_reply_says_so() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        both_countries(&story).await;
        let order = json!({ "number": "(202) 555-0126", "reason": "asked" });
        let done = owner(&story, OPT_OUT, order).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let countries: Vec<&str> = done.body["countries"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["country"].as_str())
            .collect();
        assert_eq!(countries, ["+1", "+86"]);
        for number in ["+1 202 555 0126", "+86 20 2555 0126"] {
            let found = owner(&story, LOOKUP, json!({ "number": number })).await;
            assert_eq!(found.body["opted_out"], true, "{number}: {}", found.body);
        }
        let looked_up = owner(&story, LOOKUP, json!({ "number": "(202) 555-0126" })).await;
        assert_eq!(looked_up.status, 422, "{}", looked_up.body);
        assert_eq!(looked_up.body["code"], "number-invalid");
        let many = json!({ "numbers": ["202-555-0127", "13800138000", "+1 202 555 0128"], "reason": "dnc" });
        let many = owner(&story, "/api/v1/numbers/import", many).await.body;
        assert_eq!(
            (&many["good"], &many["in_several_countries"]),
            (&json!(3), &json!(1)),
            "{many}"
        );
        let listed = json!({ "numbers": ["202-555-0127"], "list": "to-call", "reason": "signed" });
        let listed = owner(&story, "/api/v1/numbers/import", listed).await.body;
        assert_eq!(listed["refused"][0]["code"], "without_country", "{listed}");
    });
}

#[test]
fn the_preset_of_a_list_and_the_setting_say_the_country() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        both_countries(&story).await;
        let list = json!({ "task_id": "US", "records": [{ "customer_id": "U1", "phone": "2025550123" }] });
        let report = owner(&story, "/api/v1/tasks/data", list).await.body;
        assert_eq!(
            (&report["enrolled"], &report["bad_count"]),
            (&json!(1), &json!(0)),
            "{report}"
        );
        let shown = get(&story, "/api/v1/customers/U1?reason=test", &story.bearer())
            .await
            .body;
        assert!(shown.to_string().contains("+120****0123"), "{shown}");
        let name = "/api/v1/settings/numbers.default_calling_code";
        let change = json!({ "value": 1, "reason": "we call the United States" });
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("If-Match", "\"v0\"")];
        let changed = send(&story, Method::PUT, name, &headers, Some(change)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let order = json!({ "number": "202 555 0129", "reason": "asked" });
        let done = owner(&story, OPT_OUT, order).await.body;
        assert_eq!(
            (&done["number"], &done["countries"]),
            (&json!("+120****0129"), &Value::Null)
        );
    });
}
