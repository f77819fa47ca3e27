//! Prompts that follow a key are made while the question is asked, with a scripted line.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count};
use crate::testing::{on_one_thread, settle};
use domain::ports::line::{DialOrder, LegEvent};

fn answers() -> TestSystem {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    TestSystem::new(vec![FakeLine::new("answers", Box::new(script))]).that_listens()
}

/// A world in which a callee has confirmed by key to be the card's holder and is asked for the number of
/// months.
async fn asked_for_months(world: TestSystem) -> TestSystem {
    world.asks_for_card_holder().await;
    world.lines[0].tell(0, LegEvent::Keypress { digit: '1' });
    world
        .until("the months", |log| count(log, "call.node_entered") == 4)
        .await;
    settle().await;
    world
}

#[test]
fn a_text_that_holds_what_a_key_chose_is_there_when_the_key_comes() {
    on_one_thread(async {
        let world = asked_for_months(answers()).await;
        let texts = || world.synthesizer.asked().into_iter().map(|(text, _)| text);
        for months in [3, 6, 12] {
            let asked = texts().filter(|text| text.contains(&format!("分{months}期，")));
            assert_eq!(asked.count(), 1, "{months}");
        }
        // From here on the synthesizer makes no more clips.
        world.synthesizer.hang();
        world.lines[0].tell(0, LegEvent::Keypress { digit: '2' });
        let heard = world.count("call.said");
        world
            .until("the contract", |log| count(log, "call.said") > heard)
            .await;
        let said = world.data("call.said");
        assert_eq!(said.last().expect("it was said")["prompt"], "nodes.签约.text");
        assert_eq!(world.count("call.engine_failed"), 0);
    });
}

#[test]
fn personal_prompts_leave_the_machine_only_to_be_said() {
    on_one_thread(async {
        let world = answers();
        world.synthesizer.move_away();
        let world = asked_for_months(world).await;
        let asked = world.synthesizer.asked();
        let guessed = |text: &str| asked.iter().any(|(one, _)| one.contains(text));
        assert!(!guessed("跟您确认，金额"), "{asked:?}");
        assert!(
            guessed("您可以说期数"),
            "what holds no value is made ahead all the same"
        );
        world.lines[0].tell(0, LegEvent::Keypress { digit: '2' });
        let heard = world.count("call.said");
        world
            .until("the contract", |log| count(log, "call.said") > heard)
            .await;
        let asked = world.synthesizer.asked();
        assert!(asked.iter().any(|(one, _)| one.contains("分6期，")));
        assert!(!asked.iter().any(|(one, _)| one.contains("分3期，")));
    });
}
