//! Calls with an encoder: the event of what was understood names which model decided, and a call does not
//! wait for a silent encoder.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, plan, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::flow::FlowDefinition;
use domain::ports::encoder::EncoderFailure;
use domain::ports::line::{DialOrder, LegEvent};
use serde_json::Value;

const SPOKEN: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

/// A world in which a callee is asked if they are the card's holder.
async fn asked() -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    let line = FakeLine::new("answers", Box::new(script));
    let world = TestSystem::new(vec![line]).that_listens().that_has_an_encoder();
    let _drivers = world.start_drivers().await;
    let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
    let flow = publish_flow(&world, &definition).await;
    world.run_plan(1, &|_, _| {}, flow, plan(1)).await;
    world
        .until("the question", |log| count(log, "call.node_entered") == 2)
        .await;
    settle().await;
    world
}

/// The stored understanding of an utterance, and the rule by which it was decided.
async fn understood(world: &TestSystem, said: &str) -> (Value, Value) {
    let before = world.count("call.decided");
    world.ear().say(said, 200, 900);
    world
        .until("the decision", |log| count(log, "call.decided") > before)
        .await;
    let last = |kind: &str| world.data(kind).last().cloned().expect("it is stored");
    (last("call.understood"), last("call.decided")["rule"].clone())
}

#[test]
fn an_encoder_that_is_sure_decides_and_is_named() {
    on_one_thread(async {
        let world = asked().await;
        world.encoder().ranks("deny", 930);
        let (understood, rule) = understood(&world, "这个嘛").await;
        assert_eq!(
            (&understood["intent"], &understood["certainty"]),
            (&"deny".into(), &"accepted".into())
        );
        assert_eq!(understood["encoder"]["model"], "encoder-1");
        assert_eq!(understood["encoder"]["decided"], true);
        assert_eq!(understood["accept_permille"], 900);
        assert_eq!(rule, "nodes.验证卡号.intents.deny");
    });
}

#[test]
fn what_it_is_not_sure_of_or_has_no_way_on_leaves_the_reading_as_it_was() {
    on_one_thread(async {
        let world = asked().await;
        for (intent, score) in [("deny", 499), ("of_another_flow", 990)] {
            world.encoder().ranks(intent, score);
            let (understood, _) = understood(&world, "这个嘛").await;
            assert_eq!(understood["certainty"], "abstained", "{understood}");
            assert_eq!(understood["encoder"]["decided"], false);
        }
    });
}

#[test]
fn rules_and_refusals_send_no_request_and_utterances_go_out_masked() {
    on_one_thread(async {
        let world = asked().await;
        world.encoder().ranks("deny", 100);
        understood(&world, "卡号6222").await;
        assert_eq!(world.encoder().said.lock().unwrap().as_slice(), ["卡号****"]);
        world.encoder().ranks("affirm", 990);
        let (by_rule, _) = understood(&world, "是的").await;
        assert!(by_rule["encoder"].is_null(), "{by_rule}");
        assert_eq!(world.encoder().said.lock().unwrap().len(), 1);
    });
}

#[test]
fn who_never_answers_or_fails_is_left_and_the_call_goes_on() {
    on_one_thread(async {
        let world = asked().await;
        let (late, rule) = understood(&world, "这个嘛").await;
        assert_eq!(
            (&late["encoder"]["failure"], &late["encoder"]["model"]),
            (&"late".into(), &"fake".into())
        );
        let took_ms = late["encoder"]["took_ms"].as_u64().expect("a time");
        assert!((50..=400).contains(&took_ms), "{took_ms}");
        assert_eq!(rule, "nodes.验证卡号.on_unclear");
        world.encoder().fails(EncoderFailure::Garbled);
        let (garbled, _) = understood(&world, "这个嘛").await;
        assert_eq!(garbled["encoder"]["failure"], "garbled");
        assert_eq!(garbled["certainty"], "abstained");
    });
}

#[test]
fn a_refusal_that_it_is_sure_of_counts_in_a_flow_that_has_no_way_for_it() {
    on_one_thread(async {
        let world = asked().await;
        world.encoder().ranks("refuse_call", 950);
        world.ear().say("这个嘛", 200, 900);
        world
            .until("the refusal", |log| count(log, "number.opted_out") == 1)
            .await;
        world
            .until("what was understood", |log| count(log, "call.understood") == 1)
            .await;
        let understood = world.data("call.understood").remove(0);
        assert_eq!(
            (&understood["intent"], &understood["encoder"]["decided"]),
            (&"refuse_call".into(), &true.into())
        );
    });
}

#[test]
fn a_refusal_is_not_read_again_as_another_intent() {
    on_one_thread(async {
        let world = asked().await;
        world.encoder().ranks("affirm", 990);
        world.ear().say("别再打", 200, 900);
        world
            .until("the decision", |log| count(log, "call.decided") == 1)
            .await;
        let understood = world.data("call.understood").remove(0);
        assert_eq!(
            (&understood["certainty"], &understood["encoder"]),
            (&"to_confirm".into(), &Value::Null)
        );
        assert!(world.encoder().said.lock().unwrap().is_empty());
    });
}
