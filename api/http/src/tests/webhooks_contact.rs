//! Tests of CRM webhooks: a message about an opt-out or a consent names the customers by the CRM's own ids,
//! and each disclosure is on record.

use super::test_client::trail;
use super::webhooks::{HOOKS, ask, receiver, until};
use crate::testing::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);

/// Creates campaign T with three customers; two of them share a number.
async fn people(story: &TestServer) {
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(ask(story, "/api/v1/campaigns", made).await.0, 201);
    let list = json!({ "task_id": "T", "records": [
        { "customer_id": "C01", "phone": "13800138001" },
        { "customer_id": "C02", "phone": "13800138001" },
        { "customer_id": "C03", "phone": "13800138003" },
    ] });
    assert_eq!(ask(story, "/api/v1/tasks/data", list).await.0, 200);
}

#[test]
fn a_crm_receives_opt_outs_and_consents_by_its_own_ids_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        people(&story).await;
        let (url, deliveries) = receiver(&[]);
        let events = [
            "number.opted_out",
            "number.suppressed",
            "customer.consent_withdrawn",
        ];
        let order = json!({ "url": url, "allow_private": true, "format": "crm", "events": events });
        let (status, made) = ask(&story, HOOKS, order).await;
        assert_eq!(status, 201, "{made}");
        let hook = format!("{HOOKS}/{}", made["id"].as_str().unwrap());
        let out = |number: &str| format!("/api/v1/numbers/{number}/opt-out");
        let asked = json!({ "reason": "asked" });
        assert_eq!(ask(&story, &out("13800138001"), asked.clone()).await.0, 200);
        let message = deliveries.recv_timeout(WITHIN).unwrap();
        assert_eq!(message["event"], "opted_out", "{message}");
        let mut ids: Vec<&str> = message["customerIds"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        ids.sort_unstable();
        assert_eq!((ids, &message["complete"]), (vec!["C01", "C02"], &json!(true)));
        // A number without a customer: the message is sent with no ids.
        assert_eq!(ask(&story, &out("13800138009"), asked).await.0, 200);
        let message = deliveries.recv_timeout(WITHIN).unwrap();
        assert_eq!(message["customerIds"], json!([]), "{message}");
        let withdrawal = json!({ "scope": "service", "source": "hotline" });
        let path = "/api/v1/customers/C03/consents/withdraw";
        assert_eq!(ask(&story, path, withdrawal).await.0, 200);
        let message = deliveries.recv_timeout(WITHIN).unwrap();
        assert_eq!(
            (&message["event"], &message["customerIds"], &message["scope"]),
            (&json!("consent_withdrawn"), &json!(["C03"]), &json!("service"))
        );
        until(&story, &hook, |shown| shown["delivered"].as_u64() >= Some(3)).await;
        let disclosed = trail(&story, "inquiry.personal_data_read").await;
        let by_webhook = disclosed
            .iter()
            .filter(|event| event["data"]["door"] == "webhook");
        assert_eq!(by_webhook.count(), 3, "{disclosed:?}");
    });
    story.end();
}
