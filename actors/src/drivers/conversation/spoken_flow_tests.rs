//! A spoken flow on a line without a recognizer: repeated silence follows the flow's steps, and keys answer.
//! Each decision is stored before what follows from it.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::on_one_thread;
use crate::testing::test_system::{TestSystem, count};
use domain::ports::line::{DialOrder, LegEvent};
use std::sync::Arc;

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

async fn spoken_call() -> TestSystem {
    let world = TestSystem::new(vec![answers()]);
    world.asks_for_card_holder().await;
    world
}

#[test]
fn a_silent_callee_is_kept_no_longer_than_the_ladder_and_each_silence_is_on_record() {
    on_one_thread(async {
        let world = spoken_call().await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["outcome"], "no_response");
        let silences = world.data("call.silence_timed_out");
        assert_eq!(silences.len(), 3);
        assert!(
            silences.iter().all(|one| one["silence_ms"] == 2_600),
            "{silences:?}"
        );
        let kinds = world.call_kinds();
        let of_turns = |kind: &&String| {
            ["call.silence_timed_out", "call.decided", "call.node_entered"].contains(&kind.as_str())
        };
        let last: Vec<&String> = kinds.iter().filter(of_turns).collect();
        let wanted = ["call.silence_timed_out", "call.decided", "call.node_entered"];
        assert_eq!(last[last.len() - 3..], wanted, "{kinds:?}");
        let rungs = world.data("call.decided");
        assert_eq!(rungs[2]["rule"], "nodes.验证卡号.on_silence");
        assert_eq!(rungs[2]["explanation"]["rung"], 3);
    });
}

#[test]
fn a_key_answers_a_spoken_question_and_its_decision_is_stored_before_the_node() {
    on_one_thread(async {
        let world = spoken_call().await;
        world.lines[0].tell(0, LegEvent::Keypress { digit: '2' });
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["outcome"], "wrong_party");
        let kinds = world.call_kinds();
        let at = kinds
            .iter()
            .position(|kind| kind == "call.keypressed")
            .expect("a key");
        assert_eq!(
            kinds[at..at + 3],
            ["call.keypressed", "call.decided", "call.node_entered"]
        );
        assert_eq!(world.data("call.decided")[0]["rule"], "nodes.验证卡号.keys");
    });
}
