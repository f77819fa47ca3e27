//! Tests that every view of a customer's calls shows their text conversations and messages too: the
//! inspection, the access copy, the explanation and the timeline; also after an erasure, and after the
//! retention period of transcripts.

use super::conversations::{opened, with_two, written};
use super::messages::begin;
use super::retention::{run, set};
use super::test_client::{TestReply, get, owner, trail};
use crate::testing::TestServer;
use serde_json::{Value, json};

/// What C01 writes, and the filled text of the message sent to C01.
const THEIRS: &str = "是的，请您讲讲";
const SENT: &str = "欧阳小明，您的还款计划";

/// An instant after the retention period of one year of a conversation of 2 March 2026.
const PAST: &str = "2027-03-04T10:00:00+08:00";

/// Sends C01 one message, and closes one conversation with C01.
async fn with_written(story: &TestServer) {
    with_two(story).await;
    let order = json!({ "campaign": "T", "customer": "C01", "way": "sms", "text": "{{name}}，您的还款计划" });
    let sent = owner(story, "/api/v1/messages", order).await;
    assert_eq!(sent.body["status"], "sent", "{}", sent.body);
    let came = opened(story, "C01").await;
    let id = came.body["id"].as_str().unwrap().to_owned();
    assert_eq!(written(story, &id, "m-1", THEIRS).await.status, 200);
    let path = format!("/api/v1/conversations/{id}/close");
    let closed = owner(story, &path, json!({})).await;
    assert_eq!(closed.status, 200, "{}", closed.body);
}

async fn inspected(story: &TestServer, clear: bool) -> Value {
    let person = story.running.installation.vault().derive_customer("C01");
    let ask = json!({ "customer": person, "clear": clear, "reason": "a complaint" });
    let shown = owner(story, "/api/v1/inspections", ask).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.body
}

/// Records a request of the customer and answers it. Returns the reply.
async fn fulfilled(story: &TestServer, wish: &str) -> TestReply {
    let person = story.running.installation.vault().derive_customer("C01");
    let order = json!({ "customer": person, "wish": wish, "channel": "hotline" });
    let made = owner(story, "/api/v1/requests", order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/api/v1/requests/{}/answer", made.body["id"].as_str().unwrap());
    owner(story, &path, json!({ "note": "sent by letter" })).await
}

/// The kinds of the timeline's lines about conversations and messages, in order, and the whole reply.
async fn timeline(story: &TestServer) -> (Vec<String>, Value) {
    let installation = &story.running.installation;
    let head = installation.store().head().await.unwrap();
    let person = installation.vault().derive_customer("C01");
    let path = format!("/api/v1/customers/{person}/timeline?after_position={head}");
    let shown = get(story, &path, &story.bearer()).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let lines = shown.body["timeline"].as_array().unwrap().iter();
    let kinds = lines.filter_map(|line| line["kind"].as_str());
    let of_texts = kinds.filter(|kind| kind.starts_with("conversation.") || kind.starts_with("message."));
    (of_texts.map(str::to_owned).collect(), shown.body)
}

/// The texts of the conversations and of the messages in an inspection, in order.
fn texts(shown: &Value) -> (Vec<&str>, Vec<&str>) {
    let lines = shown["conversations"].as_array().unwrap().iter();
    let lines = lines.flat_map(|one| one["lines"].as_array().unwrap());
    let messages = shown["messages"].as_array().unwrap().iter();
    (
        lines.filter_map(|line| line["text"].as_str()).collect(),
        messages.filter_map(|message| message["text"].as_str()).collect(),
    )
}

fn shows_both(shown: &Value) {
    let (lines, messages) = texts(shown);
    assert!(lines.contains(&THEIRS), "{shown}");
    assert!(lines.iter().any(|line| line.contains("欧阳小明")), "{shown}");
    assert!(messages.iter().any(|text| text.contains(SENT)), "{shown}");
    assert_eq!(
        (&shown["counts"]["conversations"], &shown["counts"]["messages"]),
        (&json!(1), &json!(2)),
        "ordered and sent: {shown}"
    );
}

/// Asserts that it names the conversation and the messages but contains no word of them.
fn names_both_without_words(shown: &Value) {
    assert_eq!(
        shown["conversations"].as_array().map(Vec::len),
        Some(1),
        "{shown}"
    );
    assert_eq!(shown["messages"].as_array().map(Vec::len), Some(2), "{shown}");
    is_without_words(shown);
}

fn is_without_words(shown: &Value) {
    let text = shown.to_string();
    for written in [THEIRS, "欧阳小明", "您的还款计划"] {
        assert!(!text.contains(written), "{written} in {text}");
    }
}

#[test]
fn every_place_that_shows_calls_shows_conversations_and_messages_and_nothing_of_them_once_erased() {
    let (story, _carried) = begin(&[202]);
    story.runtime.block_on(async {
        with_written(&story).await;
        shows_both(&inspected(&story, true).await);
        shows_both(&fulfilled(&story, "copy").await.body["copy"]);
        let explained = fulfilled(&story, "explain").await.body["explanation"].take();
        for masked in [inspected(&story, false).await, explained] {
            let (lines, messages) = texts(&masked);
            assert_eq!((lines, messages), (vec![THEIRS], Vec::new()), "{masked}");
            assert_eq!(masked["messages"][0]["to"], "138****8001", "{masked}");
            assert!(!masked.to_string().contains("欧阳小明"), "{masked}");
        }
        let (kinds, shown) = timeline(&story).await;
        let expected = [
            "message.ordered",
            "message.sent",
            "conversation.opened",
            "conversation.closed",
        ];
        assert_eq!(kinds, expected);
        is_without_words(&shown);

        let erased = owner(
            &story,
            "/api/v1/customers/C01/erase",
            json!({ "reason": "asked" }),
        )
        .await;
        assert!(erased.status < 300, "{}", erased.body);
        for clear in [false, true] {
            names_both_without_words(&inspected(&story, clear).await);
        }
        let explained = fulfilled(&story, "explain").await;
        assert_eq!(explained.status, 200, "{}", explained.body);
        names_both_without_words(&explained.body["explanation"]);
        is_without_words(&fulfilled(&story, "copy").await.body);
        let (kinds, shown) = timeline(&story).await;
        assert_eq!(kinds, expected, "that they were written to stays");
        is_without_words(&shown);
    });
    story.end();
}

/// The retention period of transcripts applies to conversations as to calls. Messages are kept with the
/// customer.
#[test]
fn the_period_of_transcripts_takes_what_was_written_in_conversations_and_leaves_messages() {
    let (story, _carried) = begin(&[202]);
    story.runtime.block_on(async {
        with_written(&story).await;
        set(&story, "transcripts").await;
        run(&story, false).await;
        assert!(trail(&story, "conversation.transcript_disposed").await.is_empty());
        shows_both(&inspected(&story, true).await);
    });
    let story = story.later(PAST);
    story.runtime.block_on(async {
        run(&story, false).await;
        assert_eq!(trail(&story, "conversation.transcript_disposed").await.len(), 1);
        let copy = fulfilled(&story, "copy").await.body["copy"].take();
        for shown in [inspected(&story, true).await, copy] {
            let (lines, messages) = texts(&shown);
            assert_eq!(lines, Vec::<&str>::new(), "{shown}");
            assert!(messages.iter().any(|text| text.contains(SENT)), "{shown}");
            assert!(!shown.to_string().contains(THEIRS), "{shown}");
        }
        let explained = fulfilled(&story, "explain").await.body["explanation"].take();
        names_both_without_words(&explained);
        let (kinds, shown) = timeline(&story).await;
        assert_eq!(
            kinds.last().map(String::as_str),
            Some("conversation.transcript_disposed")
        );
        is_without_words(&shown);
    });
    story.end();
}
