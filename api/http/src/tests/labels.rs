//! Tests of labelling turns: each turn is shown to one user at a time, masked and on record; one user or two
//! in agreement settle it; settled turns are exported as training lines.

use super::conversations::{opened, with_two, written};
use super::test_client::{TestReply, add, get, key, send, trail};
use crate::testing::TestServer;
use domain::conversation::{Conversation, ConversationEvent};
use domain::decider::Decider;
use domain::stored_event::StreamVersion;
use hyper::Method;
use serde_json::{Value, json};

/// An utterance that no flow understands. It contains a name and a card number.
const ODD: &str = "今天天气真不错，我叫张三，卡号6222021234567890128";

/// Writes an utterance that is not understood, in a new conversation of the customer.
async fn doubtful(story: &TestServer, customer: &str) {
    let came = opened(story, customer).await;
    let id = came.body["id"].as_str().unwrap().to_owned();
    let answer = written(story, &id, "m-1", ODD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Sends a request that waits until the read model has all stored turns and labels.
async fn asks(story: &TestServer, who: &str, path: &str, body: Value) -> TestReply {
    let events = trail(story, "conversation.understood").await;
    let last = events
        .iter()
        .chain(&trail(story, "label.added").await)
        .map(position)
        .max();
    let path = format!("{path}?after_position={}", last.unwrap_or_default());
    send(story, Method::POST, &path, &[("Authorization", who)], Some(body)).await
}

fn position(event: &Value) -> u64 {
    event["position"].as_str().unwrap().parse().unwrap()
}

async fn labeller(story: &TestServer, name: &str) -> String {
    add(story, name, &["analyst"]).await;
    key(story, json!({ "user": name })).await
}

async fn next(story: &TestServer, who: &str) -> Value {
    let came = asks(story, who, "/api/v1/labels/next", json!({})).await;
    assert_eq!(came.status, 200, "{}", came.body);
    came.body["turn"].clone()
}

fn intent(turn: &Value, intent: &str) -> Value {
    json!({ "turn": turn["turn"], "intent": intent })
}

#[test]
fn a_turn_is_handed_to_one_person_masked_on_record_and_settled() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        doubtful(&story, "C01").await;
        let (wang, li) = (labeller(&story, "wang").await, labeller(&story, "li").await);
        let turn = next(&story, &wang).await;
        let text = turn["text"].as_str().unwrap();
        assert!(text.contains("今天天气真不错"), "{turn}");
        assert!(
            !text.contains("6222021234567890128") && !text.contains("张三"),
            "{turn}"
        );
        assert!(
            turn["asked"].is_string() && turn["open_until"].is_string(),
            "{turn}"
        );
        let all = trail(&story, "inquiry.personal_data_read").await;
        // The conversation before was a disclosure too, to the owner's key.
        let of_labels = all.iter().filter(|read| read["by_whom"] == "wang");
        let reads: Vec<Value> = of_labels.cloned().collect();
        assert_eq!(reads.len(), 1, "{all:?}");
        let opened = trail(&story, "label.opened").await;
        assert!(position(&opened[0]) < position(&reads[0]));

        assert_eq!(next(&story, &li).await, Value::Null, "it is open elsewhere");
        assert_eq!(next(&story, &wang).await["turn"], turn["turn"], "it is theirs");
        let elsewhere = asks(&story, &li, "/api/v1/labels", intent(&turn, "busy")).await;
        assert_eq!((elsewhere.status, elsewhere.code()), (422, "turn-open"));
        let labelled = asks(&story, &wang, "/api/v1/labels", intent(&turn, "busy")).await;
        assert_eq!(
            labelled.body["settled"]["settled_by"], "alone",
            "{}",
            labelled.body
        );
        let late = asks(&story, &li, "/api/v1/labels", intent(&turn, "busy")).await;
        assert_eq!((late.status, late.code()), (422, "turn-labelled"));
        for stored in trail(&story, "label.added").await {
            assert!(
                !stored.to_string().contains("天气"),
                "the event contains no word of the turn: {stored}"
            );
        }
    });
    story.end();
}

/// Each of the two parts is too short to be masked by itself.
#[test]
fn a_number_in_two_messages_is_masked_in_the_turn_that_is_handed_out() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let id = opened(&story, "C01").await.body["id"]
            .as_str()
            .unwrap()
            .to_owned();
        for (message, text) in [("m-1", "622202"), ("m-2", "380412，今天天气真不错")] {
            let answer = written(&story, &id, message, text).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        let wang = labeller(&story, "wang").await;
        let turn = next(&story, &wang).await;
        let text = turn["text"].as_str().unwrap();
        assert!(text.contains("******"), "{turn}");
        assert!(!text.contains("622202") && !text.contains("380412"), "{turn}");
    });
    story.end();
}

#[test]
fn two_who_differ_are_followed_by_a_third_and_the_line_is_learned_from() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let setting = "/api/v1/settings/labels.people";
        let bearer = story.bearer();
        let etag = get(&story, setting, &bearer).await.body["etag"].clone();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("If-Match", etag.as_str().unwrap()),
        ];
        let two = json!({ "value": 2, "reason": "two people look" });
        let changed = send(&story, Method::PUT, setting, &headers, Some(two)).await;
        assert_eq!(changed.status, 200, "{}", changed.body);

        doubtful(&story, "C01").await;
        let mut settled = Value::Null;
        for (name, says) in [("wang", "busy"), ("li", "consider"), ("zhao", "consider")] {
            let who = labeller(&story, name).await;
            let turn = next(&story, &who).await;
            assert!(turn["turn"].is_string(), "{name}: {turn}");
            let came = asks(&story, &who, "/api/v1/labels", intent(&turn, says)).await;
            assert_eq!(came.status, 200, "{name}: {}", came.body);
            assert_eq!(next(&story, &who).await, Value::Null, "{name} labels it once");
            settled = came.body["settled"].clone();
        }
        assert_eq!(
            (&settled["settled_by"], &settled["intent"]),
            (&json!("third"), &json!("consider"))
        );

        let last = trail(&story, "label.settled")
            .await
            .iter()
            .map(position)
            .max()
            .unwrap();
        let path = format!("/api/v1/labels/training?by=chen&reason=train&after_position={last}");
        let lines = get(&story, &path, &bearer).await;
        assert_eq!(lines.status, 200, "{}", lines.body);
        let line = &lines.body["items"][0];
        assert_eq!(line["intent"], "consider", "{line}");
        assert!(!line["text"].as_str().unwrap().contains("张三"), "{line}");
        let read = trail(&story, "inquiry.personal_data_read").await;
        assert!(read.iter().any(|one| one["data"]["by"] == "chen"), "{read:?}");
    });
    story.end();
}

/// The id of the first turn of a conversation that was understood: it contains the turn's version in the
/// stream.
async fn understood(story: &TestServer, conversation: &str) -> String {
    let stream = Conversation::stream(&conversation.parse().unwrap());
    let store = story.running.installation.store();
    let stored = store.read_stream(&stream, StreamVersion(0), 100).await.unwrap();
    let mut envelopes = stored.iter().map(|one| one.envelope().unwrap());
    let found = envelopes
        .find(|one| one.kind == ConversationEvent::UNDERSTOOD)
        .unwrap();
    format!("conversation.{conversation}.{}", found.stream_version.0)
}

#[test]
fn an_understood_turn_is_labeled_when_a_user_disputes_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let came = opened(&story, "C02").await;
        let id = came.body["id"].as_str().unwrap().to_owned();
        written(&story, &id, "m-1", "是的").await;
        let turn = understood(&story, &id).await;
        let wang = labeller(&story, "wang").await;
        assert_eq!(next(&story, &wang).await, Value::Null, "it was accepted");
        let order = json!({ "turn": turn, "why": "misheard" });
        let request = asks(&story, &wang, "/api/v1/labels/requests", order).await;
        assert_eq!(request.status, 200, "{}", request.body);
        let at = request.body["position"].as_str().unwrap();
        let path = format!("/api/v1/labels?state=waiting&after_position={at}");
        let listed = get(&story, &path, &wang).await;
        assert_eq!(listed.body["items"][0]["why"], "misheard", "{}", listed.body);
        let nowhere = json!({ "turn": format!("conversation.{id}.1"), "intent": "affirm" });
        let nowhere = asks(&story, &wang, "/api/v1/labels", nowhere).await;
        assert_eq!(
            nowhere.status, 404,
            "nothing was understood there: {}",
            nowhere.body
        );
        add(&story, "ling", &["viewer"]).await;
        let ling = key(&story, json!({ "user": "ling" })).await;
        let no = asks(&story, &ling, "/api/v1/labels/next", json!({})).await;
        assert_eq!(no.status, 403, "{}", no.body);
    });
    story.end();
}

/// The words of an erased customer are not exported for training, and not counted as missing either, because
/// the read model has no row of the customer.
#[test]
fn lines_to_learn_from_leave_out_who_was_erased() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let wang = labeller(&story, "wang").await;
        for customer in ["C01", "C02"] {
            doubtful(&story, customer).await;
            let turn = next(&story, &wang).await;
            let labelled = asks(&story, &wang, "/api/v1/labels", intent(&turn, "busy")).await;
            assert_eq!(labelled.status, 200, "{}", labelled.body);
        }
        let bearer = story.bearer();
        let lines = async || {
            let settled = trail(&story, "label.settled").await;
            let last = settled.iter().map(position).max().unwrap();
            let path = format!("/api/v1/labels/training?by=chen&reason=train&after_position={last}");
            get(&story, &path, &bearer).await.body
        };
        let before = lines().await;
        assert_eq!(
            (before["items"].as_array().map(Vec::len), &before["gone"]),
            (Some(2), &json!(0)),
            "{before}"
        );
        let headers = [("Authorization", bearer.as_str())];
        let order = json!({ "reason": "asked" });
        let path = "/api/v1/customers/C01/erase";
        let erased = send(&story, Method::POST, path, &headers, Some(order)).await;
        assert_eq!(erased.status, 200, "{}", erased.body);
        let after = lines().await;
        assert_eq!(
            (after["items"].as_array().map(Vec::len), &after["gone"]),
            (Some(1), &json!(0)),
            "{after}"
        );
    });
    story.end();
}
