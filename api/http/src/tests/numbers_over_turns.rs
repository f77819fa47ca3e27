//! Tests of a card number that was spoken or written in two turns, each too short to be masked by itself
//! (older logs store it unmasked): every view of a transcript masks the turns of one question together.

use super::conversations::{opened, with_two, written};
use super::inspected_calls::{begun, granted, inspected};
use super::test_client::{add, get, key, owner};
use crate::testing::TestServer;
use domain::call::command::{CallCommand, CallEnding};
use domain::call::event::EndReason;
use domain::call::{HeardFact, TurnFact};
use domain::ids::CommandId;
use domain::personal::Personal;
use domain::stored_event::Cause;
use serde_json::{Value, json};

/// The two parts of the card number, as spoken.
const PARTS: [&str; 2] = ["622202", "380412"];
const STARS: [&str; 2] = ["******", "******"];

fn heard(text: &str, begins_ms: u64) -> CallCommand {
    CallCommand::NoteTurn(TurnFact::Heard(HeardFact {
        leg: 1,
        node: "验证卡号".to_owned(),
        text: Personal::open(text.to_owned()),
        confidence_permille: None,
        engine: "carrier.example".to_owned(),
        begins_ms,
        ends_ms: begins_ms + 900,
    }))
}

/// Records a call of C01 in which the two parts are spoken in two turns.
async fn dictated_call(story: &TestServer) {
    let installation = &story.running.installation;
    let (facts, attempt, grant) = granted(story, "C01").await;
    let end = CallCommand::End(CallEnding {
        heard_rtp: true,
        reason: Some(EndReason::CalleeHungUp),
        ..CallEnding::default()
    });
    let commands = begun(&facts, attempt, &grant, "+8613800138001").into_iter();
    let turns = [heard(PARTS[0], 1_000), heard(PARTS[1], 3_000), end];
    for (step, command) in commands.chain(turns).enumerate() {
        let cause = Cause::outside(CommandId::derive_from_text(&format!("dictated {step}")));
        let calls = &installation.entities.calls;
        calls.ask(&grant.call, command, cause).await.unwrap();
    }
}

fn texts<'a>(lines: &'a [Value], member: &str, of: &str) -> Vec<&'a str> {
    let theirs = lines.iter().filter(|line| line[member] == of);
    theirs.filter_map(|line| line["text"].as_str()).collect()
}

#[test]
fn a_number_in_two_turns_of_a_call_is_masked_in_an_inspection() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        dictated_call(&story).await;
        let masked = inspected(&story, false).await;
        assert_eq!(texts(&masked, "what", "callee_said"), STARS);
        let clear = inspected(&story, true).await;
        assert_eq!(texts(&clear, "what", "callee_said"), PARTS);
    });
    story.end();
}

#[test]
fn a_number_in_two_messages_of_a_conversation_is_masked_on_its_page_and_in_an_inspection() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let id = opened(&story, "C01").await.body["id"]
            .as_str()
            .unwrap()
            .to_owned();
        for (message, text) in ["m-1", "m-2"].into_iter().zip(PARTS) {
            let came = written(&story, &id, message, text).await;
            assert_eq!(came.status, 200, "{}", came.body);
        }
        let path = format!("/api/v1/conversations/{id}");
        let page = get(&story, &path, &story.bearer()).await;
        let lines = page.body["lines"].as_array().unwrap();
        assert_eq!(texts(lines, "side", "customer"), STARS);
        let inspected = async |clear: bool| {
            let ask = json!({ "customer": "C01", "clear": clear, "reason": "a complaint" });
            let shown = owner(&story, "/api/v1/inspections", ask).await;
            assert_eq!(shown.status, 200, "{}", shown.body);
            let lines = &shown.body["conversations"][0]["lines"];
            lines.as_array().unwrap().clone()
        };
        assert_eq!(texts(&inspected(false).await, "side", "customer"), STARS);
        assert_eq!(texts(&inspected(true).await, "side", "customer"), PARTS);
        add(&story, "ye", &["compliance"]).await;
        let ye = key(&story, json!({ "user": "ye" })).await;
        let clear = get(&story, &format!("{path}?clear=true&reason=complaint"), &ye).await;
        let lines = clear.body["lines"].as_array().unwrap();
        assert_eq!(texts(lines, "side", "customer"), PARTS, "as it is stored");
    });
    story.end();
}
