//! Customers that write: a campaign that calls none of them, and their text conversations over HTTP.

use crate::history::member;
use crate::program::fail;
use crate::server::{Reply, Server};
use domain::flow::FlowDefinition;
use serde_json::{Value, json};

/// The flow of the conversations, one of those that ship.
const FLOW: &str = include_str!("../../fixtures/flows/card_instalment_spoken.yaml");

/// A campaign of customers that write; it is never started.
pub(crate) struct TextCampaign<'s> {
    server: &'s Server,
    name: &'static str,
}

/// One conversation, and our id of its customer.
pub(crate) struct TextConversation {
    pub(crate) conversation: String,
    pub(crate) person: String,
}

impl<'s> TextCampaign<'s> {
    pub(crate) fn made(server: &'s Server, name: &'static str, people: u64) -> Self {
        let flow = FlowDefinition::from_yaml(FLOW).unwrap_or_else(|why| fail(&format!("{why:?}")));
        let campaign = json!({ "task_id": name, "flow": flow.to_value(),
            "schedule": { "start_time": "00:00", "end_time": "23:59" } });
        server.must_post("/api/v1/campaigns", &campaign);
        let person = |index: u64| {
            json!({ "customer_id": writer(index), "phone": format!("139{:08}", 81_000_000 + index),
                "bank_name": "示例银行", "name": "欧阳小明", "card_tail": "6621", "amount": "12000",
                "fee_text": "年化百分之六" })
        };
        let records: Vec<Value> = (0..people).map(person).collect();
        let list = json!({ "task_id": name, "records": records });
        server.must_post("/api/v1/tasks/data", &list);
        Self { server, name }
    }

    /// Opens a conversation as the customer.
    pub(crate) fn open(&self, index: u64) -> TextConversation {
        let order = json!({ "campaign": self.name, "customer": writer(index), "begun_by": "customer" });
        let opened = self.server.must_post("/api/v1/conversations", &order).body;
        let said = |pointer: &str| member(&opened, pointer).as_str().unwrap_or_default().to_owned();
        TextConversation {
            conversation: said("/id"),
            person: said("/customer"),
        }
    }

    pub(crate) fn write(&self, writing: &TextConversation, message: &str, text: &str) -> Reply {
        let path = format!("{}/messages", writing.path());
        self.server
            .must_post(&path, &json!({ "id": message, "text": text }))
    }

    pub(crate) fn close(&self, writing: &TextConversation) {
        self.server
            .must_post(&format!("{}/close", writing.path()), &json!({}));
    }
}

impl TextConversation {
    pub(crate) fn path(&self) -> String {
        format!("/api/v1/conversations/{}", self.conversation)
    }
}

fn writer(index: u64) -> String {
    format!("WRITER-{index}")
}
