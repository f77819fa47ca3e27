//! Summaries of ended calls: written beside the dialing, once each, also for calls that a crash left and for
//! erased persons.

use crate::drivers::{SummaryPorts, SummaryScope, start_summarizing};
use crate::testing::AppendFault;
use crate::testing::line::{FakeLine, closed, dialog, failed, hung_up, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::flow::FlowDefinition;
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use domain::ports::masking::Masking;
use std::sync::Arc;

const SPOKEN: &str = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");

struct IdentityMasking;

impl Masking for IdentityMasking {
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }
}

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

async fn start(world: &TestSystem) {
    let environment = &world.fakes.environment;
    let ports = SummaryPorts {
        of: SummaryScope::CallsAndTexts,
        masking: Arc::new(IdentityMasking),
        writer: None,
    };
    let started = start_summarizing(&world.system, environment, ports).await;
    started.expect("summaries are written");
}

/// A world in which the callee confirms to be the card's holder and hangs up.
async fn said_and_hung_up() -> TestSystem {
    let world = TestSystem::new(vec![answers()]).that_listens();
    world.asks_for_card_holder().await;
    settle().await;
    world.ear().say("是的", 200, 600);
    world
        .until("the next node", |log| count(log, "call.node_entered") >= 3)
        .await;
    world.lines[0].tell(0, hung_up(HangupSource::Callee));
    world.lines[0].tell(0, closed());
    world
}

async fn until_ended(world: &TestSystem) {
    world.until("the end", |log| count(log, "call.ended") == 1).await;
}

async fn until_written(world: &TestSystem) {
    world
        .until("the summary", |log| count(log, "summary.recorded") == 1)
        .await;
}

async fn seconds(world: &TestSystem, count: u32) {
    for _ in 0..count {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

#[test]
fn a_call_that_ended_has_one_summary_that_follows_from_its_end() {
    on_one_thread(async {
        let world = said_and_hung_up().await;
        start(&world).await;
        until_ended(&world).await;
        until_written(&world).await;
        settle().await;
        assert_eq!(world.count("summary.recorded"), 1);
        let recorded = &world.data("summary.recorded")[0];
        let ended = &world.data("call.ended")[0];
        assert_eq!(recorded["disposition"], ended["disposition"]);
        assert_eq!(recorded["outcome"], ended["outcome"]);
        assert_eq!(recorded["intent"], "affirm", "{recorded}");
        assert_eq!(recorded["intent_rule"], "nodes.验证卡号.intents.affirm");
        assert_eq!(recorded["turns"]["heard_count"], 1, "{recorded}");
        assert!(recorded["text"]["sealed"].is_string(), "{recorded}");
        assert_eq!(recorded["lang"], "zh-CN");
        let log = world.fakes.store.envelopes();
        let of = |kind: &str| log.iter().find(|one| one.kind == kind).expect("it is stored");
        let (summary, end) = (of("summary.recorded"), of("call.ended"));
        assert_eq!(summary.causation, Some(end.id));
        assert_eq!(summary.stream.id(), end.stream.id());
        assert_eq!(recorded["made_at_version"], end.stream_version.0);
    });
}

#[test]
fn what_ended_before_a_start_is_written_then_and_by_a_second_start_not_again() {
    on_one_thread(async {
        let world = said_and_hung_up().await;
        until_ended(&world).await;
        settle().await;
        assert_eq!(world.count("summary.recorded"), 0, "no writer runs yet");
        start(&world).await;
        until_written(&world).await;
        start(&world).await;
        settle().await;
        assert_eq!(world.count("summary.recorded"), 1);
    });
}

#[test]
fn an_outage_of_the_store_delays_a_summary_and_loses_none() {
    on_one_thread(async {
        let world = said_and_hung_up().await;
        until_ended(&world).await;
        settle().await;
        world.fakes.store.fail_next(AppendFault::LostUnavailable);
        start(&world).await;
        until_written(&world).await;
        settle().await;
        assert_eq!(world.count("summary.recorded"), 1);
    });
}

/// Otherwise the command would be repeated, and refused, every second until the process ends.
#[test]
fn what_cannot_be_stored_as_it_is_is_given_up_after_some_tries() {
    on_one_thread(async {
        let world = said_and_hung_up().await;
        until_ended(&world).await;
        settle().await;
        let store = &world.fakes.store;
        store.refuse("summary.recorded");
        start(&world).await;
        seconds(&world, 20).await;
        assert_eq!(
            store.refused_count(),
            5,
            "an erasure in between is no reason to give up"
        );
        assert_eq!(world.count("summary.recorded"), 0);
    });
}

#[test]
fn unanswered_calls_have_no_summary() {
    on_one_thread(async {
        let busy = |_: &DialOrder| vec![ringing(), failed(486, true), closed()];
        let world = TestSystem::new(vec![FakeLine::new("busy", Box::new(busy))]);
        let _drivers = world.start_drivers().await;
        start(&world).await;
        world.run_campaign(1, 1, no_flow()).await;
        until_ended(&world).await;
        settle().await;
        start(&world).await;
        settle().await;
        assert_eq!(world.count("summary.recorded"), 0);
    });
}

#[test]
fn of_a_person_who_is_gone_it_says_what_can_be_counted_and_no_word() {
    on_one_thread(async {
        let world = said_and_hung_up().await;
        until_ended(&world).await;
        settle().await;
        let person = world.customer(0);
        let environment = &world.fakes.environment;
        environment
            .vault
            .destroy(&person, environment.clock.now())
            .await
            .expect("the key is destroyed");
        start(&world).await;
        until_written(&world).await;
        let recorded = &world.data("summary.recorded")[0];
        assert_eq!(recorded["text"]["erased"], true, "{recorded}");
        assert_eq!(recorded["intent"], "affirm");
    });
}

/// The shipped flow with an act node before its second question.
fn that_tags() -> FlowDefinition {
    let tagging = SPOKEN.replacen("start: ", "start: 记标签 # ", 1);
    let first = SPOKEN
        .lines()
        .find_map(|line| line.strip_prefix("start: "))
        .expect("it begins somewhere")
        .to_owned();
    let act = format!("nodes:\n  记标签:\n    act: {{tags: [要资料, 老客户], next: {first}}}\n");
    FlowDefinition::from_yaml(&tagging.replacen("\nnodes:\n", &format!("\n{act}"), 1)).expect("it is read")
}

#[test]
fn a_person_is_tagged_once_by_what_a_flow_notes_however_often_a_summary_is_begun() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]).that_listens();
        let _drivers = world.start_drivers().await;
        let flow = publish_flow(&world, &that_tags()).await;
        world.run_campaign(1, 1, flow).await;
        world
            .until("the question", |log| count(log, "call.node_entered") >= 2)
            .await;
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        until_ended(&world).await;
        start(&world).await;
        until_written(&world).await;
        start(&world).await;
        settle().await;
        assert_eq!(world.count("customer.tagged"), 1);
        let tagged = &world.data("customer.tagged")[0];
        assert_eq!(tagged["added"].as_array().map(Vec::len), Some(2), "{tagged}");
        assert!(tagged["added"][0]["sealed"].is_string(), "{tagged}");
        assert_eq!(
            (&tagged["level"], &tagged["origin"]["by"]),
            (&"behavior".into(), &"call".into())
        );
        let recorded = &world.data("summary.recorded")[0];
        assert!(recorded["flow_tags"][1]["sealed"].is_string(), "{recorded}");
        let log = world.fakes.store.envelopes();
        let of = |kind: &str| log.iter().find(|one| one.kind == kind).expect("it is stored");
        assert_eq!(of("customer.tagged").causation, Some(of("call.ended").id));
    });
}
