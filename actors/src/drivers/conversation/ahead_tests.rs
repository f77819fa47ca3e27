//! What an answer by key leads to is made while the question is asked, over a scripted line.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::world::{World, count, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::flow::FlowDefinition;
use domain::ports::line::{DialOrder, LegEvent};

const SPOKEN: &str = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");

/// A call that asks for the number of months, of a card whose holder has said by key who they are.
async fn asked_for_months() -> World {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    let world = World::new(vec![FakeLine::new("answers", Box::new(script))]).that_listens();
    let _drivers = world.start_drivers().await;
    let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
    let flow = publish_flow(&world, &definition).await;
    world.run_campaign(1, 1, flow).await;
    world
        .until("the question", |log| count(log, "call.node_entered") == 2)
        .await;
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
        let world = asked_for_months().await;
        let texts = || world.synthesizer.asked().into_iter().map(|(text, _)| text);
        for months in [3, 6, 12] {
            let asked = texts().filter(|text| text.contains(&format!("分{months}期，")));
            assert_eq!(asked.count(), 1, "{months}");
        }
        // From here on nothing is made any more.
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
