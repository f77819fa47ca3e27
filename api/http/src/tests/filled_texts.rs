//! Tests of texts filled with a customer's values (decision 0205): mail to the customer's own address, mail
//! to an address that a caller or a flow names, and conversations opened by a caller without the reveal
//! right.

use super::conversations::with_two;
use super::messages::{begin, until_sent, with_sending_flow};
use super::test_client::{TestReply, add, get, key, owner, send, trail};
use crate::testing::{TestServer, answered, permit_of};
use async_trait::async_trait;
use domain::call::command::{CallCommand, CallEnding};
use domain::flow::command::FlowCommand;
use domain::ids::{CallId, CommandId, EnrolmentId, FlowId};
use domain::message::MessageMethod;
use domain::ports::messenger::{MessageAcceptance, Messenger, MessengerFailure, OutgoingMessage};
use domain::stored_event::Cause;
use hyper::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A mail server that accepts everything and keeps addresses and texts.
#[derive(Default)]
struct MailServer(Mutex<Vec<(String, String)>>);

#[async_trait]
impl Messenger for MailServer {
    fn ways(&self) -> Vec<MessageMethod> {
        vec![MessageMethod::Mail]
    }

    fn signature(&self) -> Option<String> {
        None
    }

    async fn carry(&self, message: OutgoingMessage) -> Result<MessageAcceptance, MessengerFailure> {
        self.0.lock().unwrap().push((message.to, message.text));
        Ok(MessageAcceptance { status: Some(250) })
    }
}

async fn post(story: &TestServer, path: &str, key: &str, body: Value) -> TestReply {
    send(story, Method::POST, path, &[("Authorization", key)], Some(body)).await
}

fn position(event: &Value) -> u64 {
    event["position"].as_str().unwrap().parse().unwrap()
}

/// The records of disclosed texts with values, oldest first.
async fn disclosures(story: &TestServer) -> Vec<Value> {
    let mut reads = trail(story, "inquiry.personal_data_read").await;
    reads.retain(|read| read["data"]["fields"].to_string().contains("\"text\""));
    reads.sort_by_key(position);
    reads
}

#[test]
fn mail_to_the_persons_own_address_is_recorded_as_sent_and_to_another_as_a_disclosure_before() {
    let story = TestServer::begin();
    let mails = Arc::new(MailServer::default());
    let carrier: Arc<dyn Messenger> = Arc::<MailServer>::clone(&mails);
    story.running.installation.messages.carry_by(carrier);
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好，{{name}}，{{mail_to}}。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let list = json!({ "task_id": "T", "records": [{ "customer_id": "C01", "phone": "13800138001",
            "name": "欧阳小明", "mail_to": "li@example.com" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        add(&story, "crm", &["integrator"]).await;
        let crm = key(&story, json!({ "user": "crm" })).await;
        let mail = |to: &str, variables: Value| {
            json!({ "campaign": "T", "customer": "C01", "way": "mail", "to": to, "text": "{{name}}，您好",
                "variables": variables })
        };
        let path = "/api/v1/messages";
        let own = post(&story, path, &crm, mail("{{mail_to}}", json!({}))).await;
        assert_eq!(
            (own.status, &own.body["status"]),
            (201, &json!("sent")),
            "{}",
            own.body
        );
        assert_eq!(trail(&story, "message.sent").await.len(), 1);
        assert_eq!(disclosures(&story).await, Vec::<Value>::new());
        // The caller supplies a value for the address column: then the caller has chosen the address.
        let chosen = json!({ "mail_to": "me@example.com" });
        let refused = post(&story, path, &crm, mail("{{mail_to}}", chosen)).await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "scope-too-small"),
            "{}",
            refused.body
        );
        let by_owner = owner(&story, path, mail("me@example.com", json!({}))).await;
        assert_eq!(by_owner.body["status"], "sent", "{}", by_owner.body);
        let record = &disclosures(&story).await[0];
        let ordered = trail(&story, "message.ordered").await;
        let last = ordered.iter().map(position).max().unwrap();
        assert!(position(record) < last, "{record}");
        assert_eq!(record["data"]["form"], "clear");
    });
    let text = "欧阳小明，您好".to_owned();
    let carried = mails.0.lock().unwrap().clone();
    assert_eq!(
        carried,
        [
            ("li@example.com".to_owned(), text.clone()),
            ("me@example.com".to_owned(), text)
        ]
    );
    story.end();
}

fn with_fixed_address() -> Value {
    json!({
        "flow": "FIXED", "notices": { "recording": "本次通话将录音。" }, "variables": { "name": { "type": "text" } },
        "start": "plan", "on_exception": "bye",
        "messages": {
            "plan": { "way": "sms", "text": "{{name}}，您的计划。", "when": "during" },
            "report": { "way": "mail", "to": "desk@example.com", "text": "{{name}}" },
        },
        "nodes": {
            "plan": { "act": { "send": "plan", "next": "report" } },
            "report": { "act": { "send": "report", "next": "bye" } },
            "bye": { "end": { "text": "再见。", "outcome": "success" } },
        },
    })
}

/// Records a call of this campaign that was answered, entered the node `plan` and ended.
async fn call_through_plan(story: &TestServer, enrolment: EnrolmentId) {
    let installation = &story.running.installation;
    let call = CallId::derive(&enrolment, 1);
    let campaigns = &installation.entities.campaigns;
    let campaign = campaigns.state(&enrolment.campaign).await.unwrap().state;
    let mut permit = permit_of(installation.now(), call, 1, enrolment);
    if let CallCommand::Permit { flow, .. } = &mut permit {
        flow.clone_from(campaign.flow().unwrap());
    }
    let dial = CallCommand::Dial {
        leg: 1,
        trunk: "first".to_owned(),
        sip_call_id: format!("id-{call}"),
        local: "127.0.0.1:5060".to_owned(),
        caller: None,
        hold_off_ms: 5_000,
    };
    let enter = CallCommand::EnterNode {
        node: "plan".to_owned(),
    };
    let end = CallCommand::End(CallEnding {
        heard_rtp: true,
        ..CallEnding::default()
    });
    for (index, command) in [permit, dial, answered(), enter, end].into_iter().enumerate() {
        let cause = Cause::outside(CommandId::derive_from_text(&format!("{call}/{index}")));
        let calls = &installation.entities.calls;
        calls.ask(&call, command, cause).await.unwrap();
    }
}

#[test]
fn a_flow_with_an_unapproved_fixed_address_sends_nothing_and_the_preflight_says_why() {
    let (story, carried) = begin(&[202]);
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        let wang = key(&story, json!({ "user": "wang" })).await;
        let order = json!({ "definition": with_fixed_address() });
        let refused = post(&story, "/api/v1/flows", &wang, order).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "fixed-address"),
            "{}",
            refused.body
        );
        // A version published before fixed addresses needed an approval.
        let flow: FlowId = "FIXED".parse().unwrap();
        let publish = FlowCommand::Publish {
            flow: flow.clone(),
            definition: with_fixed_address(),
        };
        let cause = Cause::outside(CommandId::derive_from_text("publish FIXED"));
        let flows = &story.running.installation.entities.flows;
        flows.ask(&flow, publish, cause).await.unwrap();
        let versions = get(&story, "/api/v1/flows/FIXED/versions", &story.bearer()).await;
        assert_eq!(
            versions.body["items"][0]["messages_held_back"], true,
            "{}",
            versions.body
        );
        let made = json!({ "task_id": "F", "flow_version": "FIXED@1",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let made = owner(&story, "/api/v1/campaigns", made).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let of_t = with_sending_flow(&story).await;
        let list = json!({ "task_id": "F", "records": [
            { "customer_id": "C01", "phone": "13800138001", "name": "欧阳小明" } ] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        let of_f = EnrolmentId {
            campaign: "F".parse().unwrap(),
            customer: of_t.customer.clone(),
        };
        let warned = async |campaign: &str| {
            let path = format!("/api/v1/campaigns/{campaign}/preflight");
            let shown = get(&story, &path, &story.bearer()).await;
            assert_eq!(shown.status, 200, "{}", shown.body);
            let warnings = shown.body["warnings"].as_array().unwrap().clone();
            warnings.iter().map(|one| one["code"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(warned("F").await, [json!("fixed_address_not_approved")]);
        assert_eq!(warned("T").await, Vec::<Value>::new());
        // The log is processed in order: when the message of T's call has been sent, F's call was processed
        // too.
        call_through_plan(&story, of_f).await;
        call_through_plan(&story, of_t).await;
        until_sent(&story, 1).await;
        let text = "【示例银行】欧阳小明，您的计划：https://example.com/plan，回T退订";
        assert_eq!(carried.recv().unwrap()["text"], text);
        let ordered = trail(&story, "message.ordered").await;
        assert!(
            !ordered.is_empty() && ordered.iter().all(|one| one["campaign"] == "T"),
            "{ordered:?}"
        );
    });
    story.end();
}

#[test]
fn a_caller_who_hosts_no_channel_and_may_not_reveal_gets_no_text_with_values() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        add(&story, "crm", &["integrator"]).await;
        let order = json!({ "campaign": "T", "customer": "C01", "channel": "web", "begun_by": "customer" });
        let path = "/api/v1/conversations";
        let caller = key(
            &story,
            json!({ "user": "crm", "scopes": ["calls:write", "calls:read"] }),
        )
        .await;
        let refused = post(&story, path, &caller, order.clone()).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert!(!refused.body.to_string().contains("欧阳小明"), "{}", refused.body);
        assert!(trail(&story, "conversation.opened").await.is_empty());
        assert_eq!(disclosures(&story).await, Vec::<Value>::new());

        // A host of a channel passes the text on to the customer, so values are not masked; each reply is on
        // record.
        let host = key(&story, json!({ "user": "crm", "scopes": ["conversations:host"] })).await;
        let hosted = post(&story, path, &host, order).await;
        assert_eq!(hosted.status, 201, "{}", hosted.body);
        let id = hosted.body["id"].as_str().unwrap().to_owned();
        assert_eq!(disclosures(&story).await.len(), 1);
        let said = json!({ "id": "m-1", "text": "是的" });
        let replied = post(&story, &format!("{path}/{id}/messages"), &host, said).await;
        assert_eq!(replied.status, 200, "{}", replied.body);
        // A host gets the texts of the flow, but may not read transcripts.
        let shown = get(&story, &format!("{path}/{id}"), &host).await;
        assert_eq!(shown.status, 403, "{}", shown.body);
        // With the right to read but not to reveal, the transcript contains no values.
        let masked = get(&story, &format!("{path}/{id}"), &caller).await;
        assert_eq!(masked.status, 200, "{}", masked.body);
        assert!(!masked.body.to_string().contains("欧阳小明"), "{}", masked.body);
    });
    story.end();
}
