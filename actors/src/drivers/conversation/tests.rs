//! Whole conversations over a scripted line: what is stored before which action.

use crate::drivers::DriversHandle;
use crate::testing::line::{FakeLine, closed, dialog, hung_up, ringing};
use crate::testing::test_system::{TestSystem, count, publish};
use crate::testing::{on_one_thread, settle};
use domain::call::EndCause;
use domain::calling_plan::FlowRef;
use domain::ports::line::{DialOrder, HangupSource, LegEvent};
use std::sync::Arc;

fn answers() -> Arc<FakeLine> {
    let script = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answers", Box::new(script))
}

async fn talking(world: &TestSystem) -> DriversHandle {
    let drivers = world.start_drivers().await;
    let flow = publish(world).await;
    world.run_campaign(1, 1, flow).await;
    // The fake plays at once: notices, text and menu are over as soon as it is answered.
    world
        .until("the menu", |log| count(log, "call.node_entered") == 2)
        .await;
    settle().await;
    drivers
}

fn key(digit: char) -> LegEvent {
    LegEvent::Keypress { digit }
}

#[test]
fn the_notice_is_stored_before_the_callee_is_recorded_and_nothing_is_said_before_it() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let drivers = talking(&world).await;
        assert_eq!(drivers.progress().talking, 1);
        let begun = [
            "call.answered",
            "call.notice_played",
            "call.notice_played",
            "call.node_entered",
        ];
        assert_eq!(world.call_kinds()[3..7], begun);
        assert_eq!(world.data("call.notice_played")[0]["notice"], "recording");
        assert_eq!(
            world.lines[0].entries()[..5],
            ["dial 1", "acknowledge", "play", "play", "record_callee"]
        );
    });
}

#[test]
fn silence_replays_and_then_the_flow_ends_with_a_recording() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let drivers = talking(&world).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["disposition"], &ended["outcome"]),
            (&"answered".into(), &"no_response".into())
        );
        assert_eq!(
            (&ended["reason"], &ended["recording_bytes"]),
            (&"flow_ended".into(), &44.into())
        );
        let kinds = world.call_kinds();
        assert_eq!(kinds[kinds.len() - 2..], ["call.hangup_requested", "call.ended"]);
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(drivers.progress().talking, 0);
    });
}

#[test]
fn nine_opts_the_number_out_before_all_else() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        world.lines[0].tell(0, key('9'));
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let kinds = world.fakes.store.kinds();
        let place = |kind: &str| kinds.iter().position(|one| one == kind).expect("it is stored");
        // After a crash at any append, the person must be protected.
        assert!(place("number.opted_out") < place("call.keypressed"));
        assert!(place("call.keypressed") < place("call.hangup_requested"));
        assert_eq!(kinds.iter().filter(|kind| *kind == "number.opted_out").count(), 1);
        assert_eq!(world.data("number.opted_out")[0]["source"], "keypress");
        assert_eq!(world.data("call.ended")[0]["outcome"], "opted_out");
        assert!(
            world.data("call.keypressed")[0]["digit"]["sealed"].is_string(),
            "a key is personal"
        );
    });
}

#[test]
fn two_asks_for_a_colleague_and_ends_as_callback() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        world.lines[0].tell(0, key('2'));
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.count("call.transfer_requested"), 1);
        assert_eq!(world.data("call.ended")[0]["outcome"], "callback");
    });
}

#[test]
fn a_callee_who_hangs_up_ends_the_call_without_our_request() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        world.lines[0].tell(0, closed());
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.count("call.hangup_requested"), 0);
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["outcome"], &ended["reason"]),
            (&"hung_up".into(), &"callee_hung_up".into())
        );
    });
}

#[test]
fn an_end_that_is_nobodys_doing_says_what_was_missing_from_the_far_end() {
    on_one_thread(async {
        for (cause, code) in [
            (EndCause::MediaSilent, "media_silent"),
            (EndCause::RefreshMissed, "refresh_missed"),
        ] {
            let world = TestSystem::new(vec![answers()]);
            let _drivers = talking(&world).await;
            world.lines[0].tell(0, hung_up(HangupSource::Media(cause)));
            world.lines[0].tell(0, closed());
            world.until("the end", |log| count(log, "call.ended") == 1).await;
            let ended = &world.data("call.ended")[0];
            assert_eq!(
                (&ended["cause"], &ended["reason"], &ended["outcome"]),
                (&code.into(), &"media_lost".into(), &"failed".into())
            );
        }
    });
}

#[test]
fn a_call_that_reaches_its_longest_duration_is_hung_up_and_says_so() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        world.lines[0].stall();
        let _drivers = world.start_drivers().await;
        let flow = publish(&world).await;
        world.run_campaign(1, 1, flow).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["cause"], &ended["reason"], &ended["talk_ms"]),
            (&"call_too_long".into(), &"media_lost".into(), &180_000.into())
        );
    });
}

#[test]
fn a_call_with_an_unreadable_flow_ends_as_failed_without_a_word() {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new(
            "rings",
            Box::new(|_: &DialOrder| vec![ringing()]),
        )]);
        let _drivers = world.start_drivers().await;
        let missing = FlowRef {
            version: 9,
            ..publish(&world).await
        };
        world.run_campaign(1, 1, missing).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        world.lines[0].tell(0, LegEvent::Answered(dialog()));
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["outcome"], &ended["reason"]),
            (&"failed".into(), &"fault".into())
        );
        assert!(!world.lines[0].entries().contains(&"play".to_owned()));
    });
}

#[test]
fn an_opt_out_from_outside_lets_a_conversation_finish() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        let command = domain::number::command::NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: domain::number::event::OptOutSource::Import,
            call: None,
        };
        world
            .system
            .numbers
            .ask(&world.number(0), command, world.outside())
            .await
            .unwrap();
        settle().await;
        assert_eq!(
            (
                world.count("call.hangup_requested"),
                world.count("call.cancel_requested")
            ),
            (0, 0)
        );
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["reason"], "flow_ended");
    });
}

#[test]
fn a_disk_that_needs_ten_seconds_for_a_recording_loses_none() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        world.lines[0].tell(0, hung_up(HangupSource::Callee));
        settle().await;
        let flushed_at = world.fakes.environment.clock.now().plus_ms(10_000);
        while world.fakes.environment.clock.now() < flushed_at {
            world.fakes.clock.advance_ms(500);
            settle().await;
        }
        world.lines[0].tell(0, closed());
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.data("call.ended")[0]["recording_bytes"], 44);
    });
}

#[test]
fn a_callee_who_is_gone_while_the_prompt_is_made_has_talked_only_so_long() {
    on_one_thread(async {
        let gone = |_: &DialOrder| {
            let answered = LegEvent::Answered(dialog());
            vec![ringing(), answered, hung_up(HangupSource::Callee), closed()]
        };
        let world = TestSystem::new(vec![FakeLine::new("gone", Box::new(gone))]);
        world.synthesizer.hang();
        let _drivers = world.start_drivers().await;
        let flow = publish(&world).await;
        world.run_campaign(1, 1, flow).await;
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.count("call.hangup_requested"), 0);
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["talk_ms"], &ended["outcome"]),
            (&0.into(), &"hung_up".into())
        );
    });
}

/// A callee who presses a key at the moment of the answer, before the first frame of the notice is over.
fn presses(digit: char) -> Arc<FakeLine> {
    let script = move |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog()), key(digit)];
    FakeLine::new("presses", Box::new(script))
}

async fn one_call(line: Arc<FakeLine>) -> TestSystem {
    let world = TestSystem::new(vec![line]);
    let drivers = world.start_drivers().await;
    let flow = publish(&world).await;
    world.run_campaign(1, 1, flow).await;
    world.until("the end", |log| count(log, "call.ended") == 1).await;
    drop(drivers);
    world
}

#[test]
fn nine_during_the_notice_opts_out_at_once_and_nothing_of_the_callee_is_recorded() {
    on_one_thread(async {
        let world = one_call(presses('9')).await;
        assert_eq!(world.count("number.opted_out"), 1);
        assert_eq!(world.data("call.answered")[0]["key_rule"], 4);
        let kinds = world.fakes.store.kinds();
        let place = |kind: &str| kinds.iter().position(|one| one == kind).expect("it is stored");
        assert!(place("number.opted_out") < place("call.keypressed"));
        assert_eq!(world.data("call.node_entered")[0]["node"], "refused");
        let counts = ["call.notice_played", "call.node_entered"].map(|kind| world.count(kind));
        assert_eq!(counts, [0, 1], "the goodbye alone is said");
        assert!(!world.lines[0].entries().contains(&"record_callee".to_owned()));
        let ended = &world.data("call.ended")[0];
        assert_eq!(
            (&ended["outcome"], &ended["reason"]),
            (&"opted_out".into(), &"flow_ended".into())
        );
    });
}

#[test]
fn nine_in_the_goodbye_is_obeyed_and_another_key_there_is_only_recorded() {
    on_one_thread(async {
        for (digit, outcome) in [('9', "opted_out"), ('1', "callback")] {
            let world = TestSystem::new(vec![answers()]);
            let _drivers = talking(&world).await;
            // The second key comes before the promise of a colleague has been played to its end.
            world.lines[0].tell(0, key('2'));
            world.lines[0].tell(0, key(digit));
            world.until("the end", |log| count(log, "call.ended") == 1).await;
            assert_eq!(world.count("call.keypressed"), 2);
            assert_eq!(world.data("call.ended")[0]["outcome"], outcome);
            assert_eq!(world.count("number.opted_out"), usize::from(digit == '9'));
        }
    });
}

#[test]
fn a_key_during_the_notice_that_refuses_nothing_is_recorded_and_counts_at_its_menu() {
    on_one_thread(async {
        let world = one_call(presses('2')).await;
        assert_eq!(world.count("call.keypressed"), 1);
        assert_eq!(world.count("call.transfer_requested"), 1);
        assert_eq!(world.data("call.ended")[0]["outcome"], "callback");
    });
}

#[test]
fn a_recording_that_fails_is_not_announced_but_ends_the_call_with_its_cause() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        let _drivers = talking(&world).await;
        world.lines[0].tell(0, LegEvent::RecordingFailed);
        world.until("the end", |log| count(log, "call.ended") == 1).await;
        let ended = &world.data("call.ended")[0];
        assert_eq!(ended["cause"], "recording_failed");
        // The flow had said goodbye: it was not cut off, and we requested to hang up.
        assert_eq!(ended["reason"], "flow_ended");
        assert_eq!(world.count("call.hangup_requested"), 1);
    });
}

#[test]
fn no_call_is_dialed_until_its_recording_has_a_place() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answers()]);
        world.lines[0].set_full(true);
        let drivers = world.start_drivers().await;
        let flow = publish(&world).await;
        world.run_campaign(1, 1, flow).await;
        world
            .until("the withdrawal", |log| count(log, "call.ended") == 1)
            .await;
        assert!(drivers.are_dials_held());
        assert_eq!(
            (world.lines[0].dialed_count(), world.count("call.dialing")),
            (0, 0)
        );
        assert_eq!(world.data("call.ended")[0]["disposition"], "withdrawn");
        world.lines[0].set_full(false);
        world
            .until("a conversation", |log| count(log, "call.answered") == 1)
            .await;
        assert_eq!(world.count("call.dialing"), 1);
    });
}
