//! Tests of text conversations: they follow the call flow, a refusal of further calls applies everywhere,
//! handover to an agent, and who may read them.

use super::event_stream::{UPGRADE, frame};
use super::test_client::{TestReply, add, get, key, owner, trail};
use super::webhooks::until;
use crate::testing::TestServer;
use domain::flow::FlowDefinition;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

/// Creates campaign T with the spoken flow that ships, and imports two customers.
pub(super) async fn with_two(story: &TestServer) {
    let text = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");
    with_two_of(story, &FlowDefinition::from_yaml(text).unwrap(), &[]).await;
}

async fn with_two_of(story: &TestServer, flow: &FlowDefinition, words: &[&str]) {
    let made = json!({ "task_id": "T", "flow": flow.to_value(), "sensitive_words": words,
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let came = owner(story, "/api/v1/campaigns", made).await;
    assert_eq!(came.status, 201, "{}", came.body);
    let person = |id: &str, phone: &str| {
        json!({ "customer_id": id, "phone": phone, "bank_name": "示例银行", "name": "欧阳小明",
            "card_tail": "6621", "amount": "12000", "fee_text": "年化百分之六" })
    };
    let list =
        json!({ "task_id": "T", "records": [person("C01", "13800138001"), person("C02", "13800138002")] });
    let came = owner(story, "/api/v1/tasks/data", list).await;
    assert_eq!(
        (came.status, &came.body["enrolled"]),
        (200, &json!(2)),
        "{}",
        came.body
    );
}

pub(super) async fn opened(story: &TestServer, customer: &str) -> TestReply {
    let order = json!({ "campaign": "T", "customer": customer, "channel": "web", "begun_by": "customer" });
    owner(story, "/api/v1/conversations", order).await
}

pub(super) async fn written(story: &TestServer, conversation: &str, id: &str, text: &str) -> TestReply {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    owner(story, &path, json!({ "id": id, "text": text })).await
}

fn prompts(lines: &Value) -> Vec<&str> {
    let lines = lines.as_array().unwrap().iter();
    lines.filter_map(|line| line["prompt"].as_str()).collect()
}

fn position(event: &Value) -> u64 {
    event["position"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_person_is_answered_along_the_flow_and_a_refusal_counts_everywhere() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C01").await;
        assert_eq!(came.status, 201, "{}", came.body);
        let id = came.body["id"].as_str().unwrap().to_owned();
        let first = prompts(&came.body["lines"]);
        assert_eq!(first[0], "notices.recording");
        assert_eq!(first.last(), Some(&"nodes.验证卡号.text"), "{first:?}");

        let terms = written(&story, &id, "m-1", "是的，我的卡号是6222021234567890128").await;
        assert_eq!(terms.status, 200, "{}", terms.body);
        let said = prompts(&terms.body["replies"]);
        assert_eq!(said, ["nodes.查询可分期金额.text", "nodes.确认分期期数.text"]);
        let again = written(&story, &id, "m-1", "是的").await;
        assert_eq!(again.body, terms.body, "the same message is answered the same");

        let refused = written(&story, &id, "m-2", "退订").await;
        assert_eq!(
            (&refused.body["opted_out"], &refused.body["closed"]["outcome"]),
            (&json!(true), &json!("opted_out")),
            "{}",
            refused.body
        );
        let opted = trail(&story, "number.opted_out").await;
        let heard = trail(&story, "conversation.heard").await;
        assert_eq!((opted.len(), heard.len()), (1, 2));
        assert_eq!(opted[0]["data"]["source"], "text");
        let last_heard = heard.iter().map(position).max().unwrap();
        assert!(position(&opted[0]) < last_heard, "the number is protected first");

        let late = written(&story, &id, "m-3", "在吗").await;
        assert_eq!((late.status, late.code()), (422, "refused"), "{}", late.body);
        let ours = json!({ "campaign": "T", "customer": "C01" });
        let ours = owner(&story, "/api/v1/conversations", ours).await;
        assert_eq!(
            (ours.status, ours.code()),
            (422, "text-not-permitted"),
            "{}",
            ours.body
        );
    });
    story.end();
}

#[test]
fn what_was_written_is_masked_and_read_in_clear_with_a_reason_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C01").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        written(&story, &id, "m-1", "是的，我的卡号是6222021234567890128").await;
        let path = format!("/api/v1/conversations/{id}");
        let masked = get(&story, &path, &story.bearer()).await;
        assert_eq!(masked.status, 200, "{}", masked.body);
        let text = masked.body.to_string();
        for personal in ["欧阳小明", "6222021234567890128", "6621"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
        assert!(text.contains("{{name}}"), "{text}");
        let lines = masked.body["lines"].as_array().unwrap();
        let theirs = lines.iter().find(|line| line["side"] == "customer").unwrap();
        assert_eq!(theirs["why"]["intent"], "affirm", "{theirs}");

        add(&story, "ye", &["compliance"]).await;
        let ye = key(&story, json!({ "user": "ye" })).await;
        let why = get(&story, &format!("{path}?clear=true"), &ye).await;
        assert_eq!((why.status, why.code()), (400, "reason-needed"), "{}", why.body);
        let clear = get(&story, &format!("{path}?clear=true&reason=complaint"), &ye).await;
        let text = clear.body.to_string();
        assert!(text.contains("欧阳小明"), "{text}");
        assert!(
            !text.contains("6222021234567890128"),
            "a card is starred before it is stored: {text}"
        );
        let reads = trail(&story, "inquiry.personal_data_read").await;
        assert!(
            reads.iter().any(|read| read["data"]["form"] == "clear"),
            "{reads:?}"
        );
        add(&story, "ling", &["viewer"]).await;
        let ling = key(&story, json!({ "user": "ling" })).await;
        let no = get(&story, &format!("{path}?clear=true&reason=x"), &ling).await;
        assert_eq!(no.status, 403, "{}", no.body);
    });
    story.end();
}

/// The summary is written within seconds, also by a server that does not dial.
#[test]
fn a_closed_conversation_has_one_summary_masked_on_record_and_in_clear_with_a_reason() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C01").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/conversations/{id}/summary");
        let none = get(&story, &path, &story.bearer()).await;
        assert_eq!(none.status, 404, "it is open: {}", none.body);
        written(&story, &id, "m-1", "是的").await;
        let refused = written(&story, &id, "m-2", "退订").await;
        assert_eq!(refused.body["opted_out"], true, "{}", refused.body);
        let summed = until(&story, &path, |body| body["recorded_at"].is_string()).await;
        assert_eq!(
            (
                &summed["intent"],
                &summed["outcome"],
                &summed["follow_up"]["action"],
                &summed["turns"]["heard_count"],
                &summed["channel"],
                &summed["reason"]
            ),
            (
                &json!("opt_out"),
                &json!("opted_out"),
                &json!("do_not_call"),
                &json!(2),
                &json!("web"),
                &json!("flow_ended")
            ),
            "{summed}"
        );
        let text = summed["text"].as_str().unwrap();
        assert!(text.starts_with("文字会话（网页），流程结束"), "{text}");
        let recorded = trail(&story, "summary.text_recorded").await;
        let closed = trail(&story, "conversation.closed").await;
        assert_eq!((recorded.len(), closed.len()), (1, 1));
        assert_eq!(recorded[0]["causation"], closed[0]["id"]);
        let path_of_events = "/api/v1/events?after=0&kind=summary.text_recorded";
        let stored = get(&story, path_of_events, &story.bearer()).await;
        let sealed = &stored.body["items"][0]["data"]["text"];
        assert!(
            sealed["sealed"].is_string() && sealed["transcript"].is_string(),
            "{sealed}"
        );
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let of_summary = |read: &&Value| read["data"]["fields"] == json!(["slots", "summary"]);
        assert_eq!(reads.iter().filter(of_summary).count(), 1, "{reads:?}");

        add(&story, "ye", &["compliance"]).await;
        let ye = key(&story, json!({ "user": "ye" })).await;
        let why = get(&story, &format!("{path}?clear=true"), &ye).await;
        assert_eq!((why.status, why.code()), (400, "reason-needed"), "{}", why.body);
        let clear = get(&story, &format!("{path}?clear=true&reason=complaint"), &ye).await;
        assert_eq!((clear.status, &clear.body["clear"]), (200, &json!(true)));
    });
    story.end();
}

#[test]
fn what_the_flow_tags_is_put_on_the_person_once_the_conversation_is_closed() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let text = "{flow: tagged, notices: {recording: 本次会话将被记录。, ai: 我是智能客服。}, start: 记标签, \
                    on_exception: 再见, nodes: {记标签: {act: {tags: [要资料], next: 再见}}, \
                    再见: {end: {text: 再见。, outcome: success}}}}";
        let flow = FlowDefinition::from_yaml(text).unwrap();
        with_two_of(&story, &flow, &[]).await;
        let came = opened(&story, "C01").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/conversations/{id}/summary");
        until(&story, &path, |body| body["recorded_at"].is_string()).await;
        let path = "/api/v1/events?after=0&kind=customer.tagged";
        let tagged = get(&story, path, &story.bearer()).await;
        let tagged = tagged.body["items"].as_array().unwrap().clone();
        assert_eq!(tagged.len(), 1, "{tagged:?}");
        let origin = json!({ "by": "conversation", "conversation": id });
        assert_eq!(tagged[0]["data"]["origin"], origin);
    });
    story.end();
}

#[test]
fn a_word_of_the_campaigns_list_ends_it_is_kept_and_counts_for_the_alert() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let text = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");
        let flow = FlowDefinition::from_yaml(text).unwrap();
        with_two_of(&story, &flow, &["黑社会"]).await;
        let came = opened(&story, "C01").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let over = written(&story, &id, "m-1", "你们是黑 社 会吧").await;
        assert_eq!(over.body["closed"]["outcome"], "declined", "{}", over.body);
        assert_eq!(over.body["replies"], json!([]), "{}", over.body);
        let matched = trail(&story, "conversation.sensitive_word_matched").await;
        assert_eq!(matched.len(), 1);
        assert!(matched[0]["data"]["word"]["sealed"].is_string(), "{matched:?}");
        let shown = get(&story, &format!("/api/v1/conversations/{id}"), &story.bearer()).await;
        let lines = shown.body["lines"].as_array().unwrap();
        let theirs = lines.iter().find(|line| line["side"] == "customer").unwrap();
        assert_eq!(theirs["why"]["sensitive_word"], true, "{theirs}");
        // The refusal of further calls is handled first; the sensitive word is recorded as well.
        let came = opened(&story, "C02").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let refused = written(&story, &id, "m-1", "黑社会，别再给我打电话了").await;
        assert_eq!(refused.body["opted_out"], true, "{}", refused.body);
        assert_eq!(
            trail(&story, "conversation.sensitive_word_matched").await.len(),
            2
        );
    });
    story.end();
}

#[test]
fn who_asks_for_a_person_is_called_once() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C02").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let over = written(&story, &id, "m-1", "转人工").await;
        assert_eq!(over.body["closed"]["reason"], "handed_over", "{}", over.body);
        assert!(over.body["handed_over"]["call"].is_string(), "{}", over.body);
        let again = written(&story, &id, "m-1", "转人工").await;
        assert_eq!(again.body["handed_over"], over.body["handed_over"]);
        assert_eq!(trail(&story, "customer.call_asked").await.len(), 1);
    });
    story.end();
}

#[test]
fn conversations_do_not_exceed_channels_and_closing_makes_room() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let mut last = String::new();
        for _ in 0..3 {
            let came = opened(&story, "C01").await;
            assert_eq!(came.status, 201, "{}", came.body);
            last = came.body["id"].as_str().unwrap().to_owned();
        }
        let full = opened(&story, "C01").await;
        assert_eq!((full.status, full.code()), (422, "conversations-open"));
        assert_eq!(opened(&story, "C02").await.status, 201, "of another person");
        let closed = owner(&story, &format!("/api/v1/conversations/{last}/close"), json!({})).await;
        assert_eq!(closed.body["closed"]["reason"], "requested", "{}", closed.body);
        assert_eq!(opened(&story, "C01").await.status, 201);
        let stranger = json!({ "campaign": "T", "customer": "C99" });
        assert_eq!(owner(&story, "/api/v1/conversations", stranger).await.status, 404);
    });
    story.end();
}

/// Sends one text frame as a client, with a zero mask (RFC 6455, 5.3).
async fn say(socket: &mut (impl AsyncWriteExt + Unpin), text: &str) {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126, "a short frame");
    socket
        .write_all(&[0x81, 0x80 | length, 0, 0, 0, 0])
        .await
        .unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    socket.flush().await.unwrap();
}

#[test]
fn a_web_socket_says_the_same_and_ends_with_the_conversation() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C01").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/conversations/{id}/live");
        let plain = get(&story, &path, &story.bearer()).await;
        assert_eq!((plain.status, plain.code()), (400, "not-a-websocket"));
        let response = story.open(&path, &UPGRADE).await;
        assert_eq!(response.status(), 101);
        let mut socket = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        say(&mut socket, "no message").await;
        let (_, wrong) = frame(&mut socket).await;
        assert!(wrong.contains("body-not-json"), "{wrong}");
        say(&mut socket, "{\"id\":\"m-1\",\"text\":\"是的\"}").await;
        let (_, answer) = frame(&mut socket).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let again = written(&story, &id, "m-1", "是的").await;
        assert_eq!(answer, again.body);
        say(&mut socket, "{\"id\":\"m-2\",\"text\":\"别再打了\"}").await;
        let (_, answer) = frame(&mut socket).await;
        assert!(answer.contains("\"opted_out\":true"), "{answer}");
        assert_eq!(frame(&mut socket).await, (8, "closed".to_owned()));
        assert_eq!(trail(&story, "number.opted_out").await.len(), 1);
    });
    story.end();
}
