//! Tests of campaigns that require approved answers and messages (CMP-8): only versions that were published
//! with an approval are permitted.

use super::test_client::owner;
use crate::testing::TestServer;
use domain::flow::FlowDefinition;
use serde_json::{Value, json};

fn campaign(name: &str, more: &Value) -> Value {
    let mut body = json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let members = more.as_object().unwrap();
    if members.contains_key("flow_version") {
        body.as_object_mut().unwrap().remove("script_template");
    }
    for (member, value) in members {
        body[member] = value.clone();
    }
    body
}

#[test]
fn approved_answers_come_from_an_approved_version() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let file = json!({ "knowledge": "card", "answers": [
            { "id": "征信", "question": "分期会影响征信吗", "answer": "按时还款不会影响您的征信。" } ] });
        let imported = owner(&story, "/api/v1/knowledge", json!({ "file": file })).await;
        assert!(imported.status < 300, "{}", imported.body);
        let publish = "/api/v1/knowledge/card/publish";
        let published = owner(&story, publish, json!({})).await;
        assert_eq!(published.status, 200, "{}", published.body);
        let asked = json!({ "knowledge": "card@1", "approvals": ["answers"] });
        let refused = owner(&story, "/api/v1/campaigns", campaign("T", &asked)).await;
        let found = (refused.status, refused.code());
        assert_eq!(found, (422, "answers-not-approved"), "{}", refused.body);
        let order = json!({ "approvals": true, "reason": "read by two" });
        let behind = owner(&story, publish, order).await;
        assert_eq!(behind.status, 200, "{}", behind.body);
        let made = owner(&story, "/api/v1/campaigns", campaign("T", &asked)).await;
        assert_eq!(made.status, 201, "{}", made.body);
    });
    story.end();
}

#[test]
fn approved_messages_are_those_of_an_approved_flow() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let text = include_str!("../../../../fixtures/flows/decide.yaml");
        let flow = FlowDefinition::from_yaml(text).unwrap();
        let definition = flow.to_value();
        let template = definition["messages"]
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .clone();
        let named = format!("{}@1", flow.flow);
        let order = json!({ "definition": definition, "approvals": true, "reason": "read by two" });
        let published = owner(&story, "/api/v1/flows", order).await;
        assert_eq!(published.status, 201, "{}", published.body);
        let script = campaign("S", &json!({ "approvals": ["messages"] }));
        let refused = owner(&story, "/api/v1/campaigns", script).await;
        assert_eq!((refused.status, refused.code()), (422, "flow-not-approved"));
        let asked = json!({ "flow_version": named, "approvals": ["messages"] });
        let made = owner(&story, "/api/v1/campaigns", campaign("T", &asked)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let mut row = json!({ "customer_id": "C01", "phone": "13800138001" });
        for (name, variable) in definition["variables"].as_object().unwrap() {
            row[name] = json!(if variable["type"] == "text" { "示例" } else { "3" });
        }
        let list = json!({ "task_id": "T", "records": [row] });
        let listed = owner(&story, "/api/v1/tasks/data", list).await;
        assert_eq!(listed.body["enrolled"], 1, "{}", listed.body);
        let mut order = json!({ "campaign": "T", "customer": "C01" });
        for (member, value) in template.as_object().unwrap() {
            if member != "when" {
                order[member] = value.clone();
            }
        }
        // This server sends no messages: an approved message is refused only because its channel is missing.
        let own = owner(&story, "/api/v1/messages", order.clone()).await;
        assert_eq!(own.code(), "no-such-way", "{}", own.body);
        let mut others = Vec::new();
        for (member, value) in [
            ("text", json!("我们另有优惠")),
            ("variables", json!({ "name": "别的话" })),
        ] {
            let mut other = order.clone();
            other[member] = value;
            others.push(other);
        }
        for other in others {
            let refused = owner(&story, "/api/v1/messages", other).await;
            let found = (refused.status, refused.code());
            assert_eq!(found, (422, "message-not-approved"), "{}", refused.body);
        }
    });
    story.end();
}
