//! Speech engines that do not respond, with a scripted line and a scripted recognizer: which calls are dialed
//! meanwhile, what probes the engines, and which calls resume without an operator.

use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::test_system::{TestSystem, count, plan, publish, publish_flow};
use crate::testing::{on_one_thread, settle};
use domain::call::EngineKind;
use domain::flow::FlowDefinition;
use domain::ports::line::{DialOrder, LegEvent};
use domain::ports::recognizer::{FailureClass, RecognitionEvent};
use std::sync::Arc;

const SPOKEN: &str = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");
/// Time between two probes, in milliseconds.
const PROBE_MS: u64 = 10_000;

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

fn fail(world: &TestSystem, kind: EngineKind) {
    let engines = &world.fakes.environment.engines;
    for _ in 0..crate::engine_circuits::FAILURES_MAX {
        engines.note_failure(kind, "fake", "unreachable", world.fakes.environment.clock.now());
    }
}

async fn run_spoken(world: &TestSystem, people: usize) {
    let definition = FlowDefinition::from_yaml(SPOKEN).expect("a shipped flow");
    let flow = publish_flow(world, &definition).await;
    world.run_plan(people, &|_, _| {}, flow, plan(1)).await;
}

/// Lets time pass in steps of 500 ms, so that the dialer runs several rounds.
async fn wait(world: &TestSystem, ms: u64) {
    for _ in 0..ms / 500 {
        world.fakes.clock.advance_ms(500);
        settle().await;
    }
}

#[test]
fn no_call_begins_while_the_recognizer_is_down_and_a_probe_that_it_answers_begins_them() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]).that_listens();
        let _drivers = world.start_drivers().await;
        fail(&world, EngineKind::Recognizer);
        run_spoken(&world, 2).await;
        wait(&world, PROBE_MS - 1_000).await;
        assert_eq!(world.count("call.permitted"), 0);
        assert_eq!(world.ear().opened_count(), 0, "no request before the probe");
        wait(&world, 1_500).await;
        assert_eq!(world.ear().opened_count(), 1, "the probe");
        assert_eq!(world.count("call.permitted"), 0);
        world
            .ear()
            .tell(RecognitionEvent::failed(FailureClass::Unreachable));
        wait(&world, PROBE_MS + 500).await;
        assert_eq!(world.ear().opened_count(), 2, "another probe");
        assert_eq!(world.count("call.permitted"), 0, "it failed again");
        world.ear().made_out("您好", 0, 200);
        wait(&world, 2_000).await;
        assert!(world.count("call.dialing") >= 1, "dialing goes on by itself");
        assert_eq!(world.fakes.environment.engines.open(), []);
    });
}

/// The clip takes 200 ms, and the silence after it a second.
#[test]
fn a_probe_that_ends_in_order_without_a_text_closes_the_circuit_and_one_cut_off_does_not() {
    on_one_thread(async {
        for (heard_ms, is_open) in [(2_000, false), (500, true)] {
            let world = TestSystem::new(vec![answers()]).that_listens();
            let _drivers = world.start_drivers().await;
            fail(&world, EngineKind::Recognizer);
            settle().await;
            wait(&world, PROBE_MS).await;
            assert_eq!(world.ear().opened_count(), 1, "the probe");
            wait(&world, heard_ms).await;
            world.ear().end();
            wait(&world, 500).await;
            let open = world.fakes.environment.engines.open();
            assert_eq!(!open.is_empty(), is_open, "{heard_ms} ms heard: {open:?}");
        }
    });
}

#[test]
fn a_probe_with_an_empty_text_closes_the_circuit() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]).that_listens();
        let _drivers = world.start_drivers().await;
        fail(&world, EngineKind::Recognizer);
        settle().await;
        wait(&world, PROBE_MS).await;
        assert_eq!(world.ear().opened_count(), 1, "the probe");
        world.ear().made_out("", 0, 200);
        wait(&world, 500).await;
        assert_eq!(world.fakes.environment.engines.open(), []);
    });
}

#[test]
fn a_campaign_that_needs_no_recognizer_is_dialed_and_none_without_a_voice() {
    on_one_thread(async {
        for (kind, dialed) in [(EngineKind::Recognizer, true), (EngineKind::Synthesizer, false)] {
            let world = TestSystem::new(vec![answers()]).that_listens();
            let _drivers = world.start_drivers().await;
            world.synthesizer.hang();
            fail(&world, kind);
            let flow = publish(&world).await;
            world.run_campaign(1, 1, flow).await;
            wait(&world, 3_000).await;
            assert_eq!(world.count("call.dialing") >= 1, dialed, "{kind:?}");
        }
    });
}

#[test]
fn calls_in_which_the_recognizer_fails_open_its_circuit() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]).that_listens();
        let _drivers = world.start_drivers().await;
        run_spoken(&world, 3).await;
        let mut failures = 0;
        while world.fakes.environment.engines.open().is_empty() {
            failures += 1;
            assert!(failures <= 3, "three in a row are enough");
            world
                .until("a call that listens", |log| {
                    count(log, "call.answered") * 2 >= failures
                })
                .await;
            settle().await;
            world
                .ear()
                .tell(RecognitionEvent::failed(FailureClass::Unreachable));
            world
                .until("the failure", |log| count(log, "call.engine_failed") == failures)
                .await;
            settle().await;
            if failures == 2 {
                world.lines[0].tell(
                    0,
                    crate::testing::line::hung_up(domain::ports::line::HangupSource::Callee),
                );
                world.lines[0].tell(0, crate::testing::line::closed());
                world.until("its end", |log| count(log, "call.ended") == 1).await;
                settle().await;
            }
        }
        assert_eq!(failures, 3);
        let open = world.fakes.environment.engines.open();
        assert_eq!(
            (open[0].engine.as_str(), open[0].reason.as_str()),
            ("fake", "unreachable")
        );
    });
}
