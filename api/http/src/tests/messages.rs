//! Tests of messages to customers: signed, sent once, capped, and refused by a reply of 退订.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use super::webhooks::receiver;
use crate::testing::{TestServer, answered, permit_of};
use application::installation::DialingState;
use domain::call::command::{CallCommand, CallEnding};
use domain::ids::{CallId, CommandId, EnrolmentId};
use domain::stored_event::Cause;
use host::messaging_args::MessagingChoice;
use hyper::Method;
use serde_json::{Value, json};
use std::sync::mpsc::Receiver;

/// Starts a server with a message gateway that answers with these statuses. Returns it and the messages that
/// the gateway receives.
pub(super) fn begin(statuses: &'static [u16]) -> (TestServer, Receiver<Value>) {
    let (url, deliveries) = receiver(statuses);
    let story = TestServer::begin_with(|_, settings| {
        settings.messaging = MessagingChoice {
            gateway: Some(url),
            signature: Some("示例银行".to_owned()),
            allow_private: true,
            ..MessagingChoice::default()
        };
    });
    (story, deliveries)
}

async fn with_one(story: &TestServer) {
    let made = json!({ "task_id": "T", "script_template": "您好，{{name}}。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let list = json!({ "task_id": "T", "records": [
        { "customer_id": "C01", "phone": "13800138001", "name": "欧阳小明" },
    ] });
    assert_eq!(owner(story, "/api/v1/tasks/data", list).await.status, 200);
}

fn plan() -> Value {
    json!({ "campaign": "T", "customer": "C01", "way": "sms", "text": "{{name}}，您的还款计划：{{link}}",
        "link": "https://example.com/plan" })
}

async fn sent(story: &TestServer, key: &str, order: Value) -> TestReply {
    let bearer = story.bearer();
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
    send(story, Method::POST, "/api/v1/messages", &headers, Some(order)).await
}

#[test]
fn a_message_is_signed_carried_once_and_refused_by_its_reply() {
    let (story, deliveries) = begin(&[202]);
    story.runtime.block_on(async {
        with_one(&story).await;
        let came = sent(&story, "plan-1", plan()).await;
        assert_eq!(
            (came.status, &came.body["status"]),
            (201, &json!("sent")),
            "{}",
            came.body
        );
        let carried = deliveries.recv().unwrap();
        let text = "【示例银行】欧阳小明，您的还款计划：https://example.com/plan，回T退订";
        assert_eq!(
            (&carried["text"], &carried["to"]),
            (&json!(text), &json!("+8613800138001"))
        );
        assert_eq!(carried["id"], came.body["id"]);
        let again = sent(&story, "plan-1", plan()).await;
        assert_eq!(again.body["id"], came.body["id"]);
        assert!(deliveries.try_recv().is_err(), "it left once");

        let answer = json!({ "id": "r-1", "message": came.body["id"], "text": "退订" });
        let reply = owner(&story, "/api/v1/messages/replies", answer.clone()).await;
        assert_eq!(
            (&reply.body["opted_out"], &reply.body["kept"]),
            (&json!(true), &json!(true)),
            "{}",
            reply.body
        );
        owner(&story, "/api/v1/messages/replies", answer).await;
        let opted = trail(&story, "number.opted_out").await;
        let replied = trail(&story, "message.replied").await;
        assert_eq!((opted.len(), replied.len()), (1, 1));
        let place = |event: &Value| event["position"].as_str().unwrap().parse::<u64>().unwrap();
        assert!(
            place(&opted[0]) < place(&replied[0]),
            "the number is protected first"
        );
        let refused = sent(&story, "plan-2", plan()).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "text-not-permitted"),
            "{}",
            refused.body
        );
        let listed = get(&story, "/api/v1/messages?customer=C01", &story.bearer()).await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
        assert!(!listed.body.to_string().contains("欧阳小明"));
    });
    story.end();
}

#[test]
fn a_persons_values_leave_for_another_address_only_with_the_reveal_right_and_on_record() {
    let (story, _requests) = begin(&[202]);
    story.runtime.block_on(async {
        with_one(&story).await;
        add(&story, "crm", &["integrator"]).await;
        let crm = key(&story, json!({ "user": "crm" })).await;
        let mail = |text: &str| {
            json!({ "campaign": "T", "customer": "C01", "way": "mail", "to": "me@example.com", "text": text })
        };
        let by_crm = async |text: &str| {
            let headers = [("Authorization", crm.as_str())];
            let order = Some(mail(text));
            send(&story, Method::POST, "/api/v1/messages", &headers, order).await
        };
        let disclosed = async || {
            let reads = trail(&story, "inquiry.personal_data_read").await;
            let fields = reads.iter().map(|read| read["data"]["fields"].to_string());
            fields.filter(|fields| fields.contains("\"name\"")).count()
        };
        let refused = by_crm("{{name}}，您好").await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "scope-too-small"),
            "{}",
            refused.body
        );
        assert_eq!(disclosed().await, 0);
        // This server sends no mail. It refuses for that only after the disclosure is on record.
        assert_eq!(by_crm("您好").await.code(), "no-such-way", "no value of the person");
        assert_eq!(disclosed().await, 0);
        let by_owner = owner(&story, "/api/v1/messages", mail("{{name}}，您好")).await;
        assert_eq!(by_owner.code(), "no-such-way", "{}", by_owner.body);
        assert_eq!(disclosed().await, 1);
    });
    story.end();
}

#[test]
fn a_person_is_sent_three_a_day_and_what_was_not_taken_does_not_count() {
    let (story, _deliveries) = begin(&[500]);
    story.runtime.block_on(async {
        with_one(&story).await;
        let failed = sent(&story, "m-0", plan()).await;
        assert_eq!(
            (&failed.body["status"], &failed.body["class"]),
            (&json!("failed"), &json!("status")),
            "{}",
            failed.body
        );
        for key in ["m-1", "m-2", "m-3"] {
            let came = sent(&story, key, plan()).await;
            assert_eq!(came.body["status"], "sent", "{}", came.body);
        }
        let capped = sent(&story, "m-4", plan()).await;
        assert_eq!((capped.status, capped.code()), (422, "messages-capped"), "{}", capped.body);
        let mail = json!({ "campaign": "T", "customer": "C01", "way": "mail", "to": "li@example.com", "text": "您好" });
        let mail = sent(&story, "m-5", mail).await;
        assert_eq!((mail.status, mail.code()), (422, "no-such-way"));
        let empty = json!({ "campaign": "T", "customer": "C01", "way": "sms", "text": "{{nobody}}您好" });
        let empty = sent(&story, "m-6", empty).await;
        assert_eq!(empty.body["errors"][0]["pointer"], "/text", "{}", empty.body);
        let number = json!({ "id": "r-9", "from": "13800138001", "text": "TD" });
        let reply = owner(&story, "/api/v1/messages/replies", number).await;
        assert_eq!(
            (&reply.body["opted_out"], &reply.body["kept"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(trail(&story, "number.opted_out").await.len(), 1);
        // A reply to an unknown message: its number is opted out nevertheless.
        let foreign = json!({ "id": "r-10", "from": "13800138009", "text": "退订",
            "message": "00000000-0000-4000-8000-000000000001" });
        let reply = owner(&story, "/api/v1/messages/replies", foreign).await;
        assert_eq!(
            (&reply.body["opted_out"], &reply.body["kept"]),
            (&json!(true), &json!(false)),
            "{}",
            reply.body
        );
        assert_eq!(trail(&story, "number.opted_out").await.len(), 2);
    });
    story.end();
}

#[test]
fn no_message_is_sent_where_no_call_is_permitted() {
    let (story, deliveries) = begin(&[202]);
    story.runtime.block_on(async {
        with_one(&story).await;
        let stop = json!({ "scope": "campaign", "id": "T", "reason": "a wrong text" });
        assert_eq!(owner(&story, "/api/v1/stop", stop).await.status, 200);
        let refused = sent(&story, "m-1", plan()).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "stop-engaged"),
            "{}",
            refused.body
        );
        let ours = json!({ "campaign": "T", "customer": "C01", "channel": "web", "begun_by": "us" });
        let ours = owner(&story, "/api/v1/conversations", ours).await;
        assert_eq!((ours.status, ours.code()), (422, "stop-engaged"), "{}", ours.body);
        let lift = json!({ "scope": "campaign", "id": "T", "reason": "the text is right again" });
        assert_eq!(owner(&story, "/api/v1/stop/lift", lift).await.status, 200);

        // With a log that lost events, an opt-out may be missing.
        story.running.installation.dialing.begin(DialingState::Lost, None);
        let held = sent(&story, "m-2", plan()).await;
        assert_eq!(
            (held.status, held.code()),
            (503, "nobody-reached-now"),
            "{}",
            held.body
        );
        assert!(deliveries.try_recv().is_err(), "nothing left");
        story
            .running
            .installation
            .dialing
            .begin(DialingState::NoTrunk, None);
        let came = sent(&story, "m-3", plan()).await;
        assert_eq!(came.body["status"], "sent", "{}", came.body);
    });
    story.end();
}

/// Creates campaign T with one customer. Its flow sends a message during the call and another after it.
pub(super) async fn with_sending_flow(story: &TestServer) -> EnrolmentId {
    let flow = json!({
        "flow": "T", "notices": { "recording": "本次通话将录音。" }, "variables": { "name": { "type": "text" } },
        "start": "plan", "on_exception": "bye",
        "messages": {
            "plan": { "way": "sms", "text": "{{name}}，您的计划：{{link}}", "link": "https://example.com/plan",
                "when": "during" },
            "thanks": { "way": "sms", "text": "感谢接听。" },
        },
        "nodes": {
            "plan": { "act": { "send": "plan", "next": "thanks" } },
            "thanks": { "act": { "send": "thanks", "next": "bye" } },
            "bye": { "end": { "text": "再见。", "outcome": "success" } },
        },
    });
    let made =
        json!({ "task_id": "T", "flow": flow, "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let came = owner(story, "/api/v1/campaigns", made).await;
    assert_eq!(came.status, 201, "{}", came.body);
    let list = json!({ "task_id": "T", "records": [
        { "customer_id": "C01", "phone": "13800138001", "name": "欧阳小明" },
    ] });
    assert_eq!(owner(story, "/api/v1/tasks/data", list).await.status, 200);
    let (customer, _) = story.running.installation.customer_named("C01").await.unwrap();
    EnrolmentId {
        campaign: "T".parse().unwrap(),
        customer,
    }
}

async fn command_call(story: &TestServer, call: CallId, step: &str, command: CallCommand) {
    let cause = Cause::outside(CommandId::derive_from_text(step));
    let calls = &story.running.installation.entities.calls;
    calls.ask(&call, command, cause).await.unwrap();
}

/// Waits until `count` messages were sent.
pub(super) async fn until_sent(story: &TestServer, count: usize) {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    while trail(story, "message.sent").await.len() < count {
        assert!(installation.now() < late, "{count} were not sent");
        installation.pause(20).await;
    }
}

#[test]
fn a_flow_has_one_message_sent_during_the_call_and_one_after_it() {
    let (story, deliveries) = begin(&[202]);
    story.runtime.block_on(async {
        let enrolment = with_sending_flow(&story).await;
        let installation = &story.running.installation;
        let call = CallId::derive(&enrolment, 1);
        let campaign = installation
            .entities
            .campaigns
            .state(&enrolment.campaign)
            .await
            .unwrap()
            .state;
        let mut permit = permit_of(installation.now(), call, 1, enrolment.clone());
        if let CallCommand::Permit { flow, .. } = &mut permit {
            flow.clone_from(campaign.flow().unwrap());
        }
        command_call(&story, call, "permit", permit).await;
        let dialing = CallCommand::Dial {
            leg: 1,
            trunk: "first".to_owned(),
            sip_call_id: "id-1".to_owned(),
            local: "127.0.0.1:5060".to_owned(),
            caller: None,
            hold_off_ms: 5_000,
        };
        command_call(&story, call, "dial", dialing).await;
        command_call(&story, call, "answer", answered()).await;
        for node in ["plan", "thanks", "plan", "bye"] {
            let step = format!("{node} {}", installation.now().micros());
            let entered = CallCommand::EnterNode {
                node: node.to_owned(),
            };
            command_call(&story, call, &step, entered).await;
        }
        until_sent(&story, 1).await;
        let plan = deliveries.recv().unwrap();
        let text = "【示例银行】欧阳小明，您的计划：https://example.com/plan，回T退订";
        assert_eq!(plan["text"], text, "{plan}");
        let ending = CallCommand::End(CallEnding {
            heard_rtp: true,
            ..CallEnding::default()
        });
        command_call(&story, call, "end", ending).await;
        until_sent(&story, 2).await;
        assert_eq!(
            deliveries.recv().unwrap()["text"],
            "【示例银行】感谢接听。，回T退订"
        );
        assert!(
            deliveries.try_recv().is_err(),
            "each once, however often its node was entered"
        );
        let ordered = trail(&story, "message.ordered").await;
        assert_eq!(ordered.len(), 2);
        assert!(
            ordered.iter().all(|one| one["causation"].is_string()),
            "{ordered:?}"
        );
    });
    story.end();
}
