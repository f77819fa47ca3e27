//! If no agent is free, the callee hears the seller's message, to its end or until they hang up, and the
//! call counts as dropped.

use crate::testing::agents::FakeAgents;
use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow, plan, publish};
use crate::testing::{on_one_thread, settle};
use domain::calling_plan::{CallingPlan, FlowRef};
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use domain::seller::Seller;
use std::sync::Arc;

fn world(agents: FakeAgents) -> TestSystem {
    let mut world = TestSystem::new(vec![FakeLine::new(
        "answering",
        Box::new(|_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())]),
    )]);
    world.agents = Some(Arc::new(agents));
    world
}

fn selling() -> CallingPlan {
    CallingPlan {
        dialing: Some(DialingPlan {
            mode: DialingMode::Progressive,
            ..DialingPlan::default()
        }),
        seller: Some(Box::new(Seller {
            name: "Example Bank".to_owned(),
            number: "+12025550100".to_owned(),
        })),
        ..plan(20)
    }
}

async fn run(world: &TestSystem, flow: FlowRef) {
    world.run_plan(1, &|_, _| {}, flow, selling()).await;
}

async fn over(world: &TestSystem) -> serde_json::Value {
    world
        .until("the end", |log| count(log, "campaign.completed") == 1)
        .await;
    world.data("call.ended")[0].clone()
}

#[test]
fn a_callee_without_an_agent_hears_the_sellers_name_and_number_and_counts_as_dropped() {
    on_one_thread(async {
        let world = world(FakeAgents::who_never_take(1));
        let _drivers = world.start_drivers().await;
        run(&world, no_flow()).await;
        let ended = over(&world).await;
        assert_eq!(
            (&ended["disposition"], &ended["reason"]),
            (&"abandoned".into(), &"no_agent".into())
        );
        let messages = world.data("call.seller_message_played");
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0]["seller"]["name"], "Example Bank");
        assert_eq!(messages[0]["seller"]["number"], "+12025550100");
        let text = messages[0]["text"].as_str().unwrap();
        assert!(
            text.contains("Example Bank") && text.contains("0 1 0 0"),
            "{text}"
        );
        assert_eq!(messages[0]["played_ms"], messages[0]["whole_ms"]);
        let begun = messages[0]["begun_after_ms"].as_u64().unwrap();
        assert!((2_000..2_100).contains(&begun), "promptly: {begun}");
        // The drop is stored before the message is played, and the message before the end.
        let kinds = world.fakes.store.kinds();
        let at = |kind: &str| kinds.iter().position(|one| one == kind).unwrap();
        assert!(
            at("call.hangup_requested") < at("call.seller_message_played"),
            "{kinds:?}"
        );
        assert!(at("call.seller_message_played") < at("call.ended"), "{kinds:?}");
        assert_eq!(world.count("call.notice_played"), 0, "no attendance");
    });
}

#[test]
fn a_callee_connected_to_an_agent_hears_no_message() {
    on_one_thread(async {
        let world = world(FakeAgents::new(1));
        let _drivers = world.start_drivers().await;
        run(&world, no_flow()).await;
        world
            .until("one talks", |log| count(log, "call.agent_connected") == 1)
            .await;
        let agents = world.agents.clone().unwrap();
        agents.talking().into_iter().for_each(|call| agents.hang_up(call));
        assert_eq!(over(&world).await["disposition"], "answered");
        assert_eq!(world.count("call.seller_message_played"), 0);
    });
}

#[test]
fn a_callee_who_hangs_up_into_the_message_is_dropped_all_the_same() {
    on_one_thread(async {
        let world = world(FakeAgents::who_never_take(1));
        world.lines[0].stall();
        let _drivers = world.start_drivers().await;
        run(&world, no_flow()).await;
        world
            .until("it is said", |log| count(log, "call.hangup_requested") == 1)
            .await;
        settle().await;
        let hung_up = LegEvent::HungUp {
            by: HangupSource::Callee,
            reason_header: None,
            q850: None,
            heard_rtp: true,
        };
        world.lines[0].tell(0, hung_up);
        let ended = over(&world).await;
        assert_eq!(
            (&ended["disposition"], &ended["reason"]),
            (&"abandoned".into(), &"no_agent".into())
        );
        let message = &world.data("call.seller_message_played")[0];
        assert!(
            message["played_ms"].as_u64() < message["whole_ms"].as_u64(),
            "{message}"
        );
    });
}

#[test]
fn a_key_that_refuses_further_calls_is_named_obeyed_and_ends_the_message() {
    on_one_thread(async {
        let world = world(FakeAgents::who_never_take(1));
        world.lines[0].stall();
        let _drivers = world.start_drivers().await;
        let flow = publish(&world).await;
        run(&world, flow).await;
        world
            .until("it is said", |log| count(log, "call.hangup_requested") == 1)
            .await;
        settle().await;
        world.lines[0].tell(0, LegEvent::Keypress { digit: '9' });
        let ended = over(&world).await;
        assert_eq!(ended["disposition"], "abandoned");
        assert_eq!(world.count("number.opted_out"), 1);
        let message = &world.data("call.seller_message_played")[0];
        assert!(message["text"].as_str().unwrap().contains('9'), "{message}");
    });
}

#[test]
fn a_message_that_cannot_be_spoken_is_on_record_and_the_call_ends() {
    on_one_thread(async {
        let world = world(FakeAgents::who_never_take(1));
        world.synthesizer.hang();
        let _drivers = world.start_drivers().await;
        run(&world, no_flow()).await;
        let ended = over(&world).await;
        assert_eq!(
            (&ended["disposition"], &ended["reason"]),
            (&"abandoned".into(), &"no_agent".into())
        );
        assert_eq!(world.count("call.seller_message_played"), 0);
        let failed = &world.data("call.engine_failed")[0];
        assert_eq!(
            (&failed["engine_kind"], &failed["node"]),
            (&"synthesizer".into(), &"seller_message".into())
        );
    });
}
