//! The contract suite of the `Line` port, run by every line with callees of known behavior.

use super::left_over_contract;
use super::suite_legs::{
    answered, clip, closes, dial, new_call, next, next_after_ringing, order, panic_with, permit_for,
    permit_until, stays_silent,
};
use crate::testing::SuiteClock;
use async_trait::async_trait;
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::ports::line::{AnsweredDialog, FailureCause, HangupSource, Leg, LegEvent, Line, LineError};
use domain::ports::recognizer::{FRAME_MS, HeardAudio};
use std::sync::Arc;

/// Length of a prompt that a callee hears to its end before it presses a key, in milliseconds.
const PROMPT_MS: usize = 5_200;

/// The behavior of the callee that a line dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScriptedCallee {
    /// Answers and stays.
    Answers,
    /// Answers and presses one key.
    PressesKey,
    /// Answers and hangs up.
    HangsUp,
    Busy,
    /// Rings for seconds.
    Rings,
    /// Rings, and answers while a CANCEL is on its way.
    CrossesCancel,
    /// Never replies to an INVITE.
    Silent,
}

/// The state of a leg when its process is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    Ringing,
    /// A 2xx has come, and no ACK has left.
    Unacknowledged,
    Talking,
}

/// Makes lines that dial callees of one behavior each.
#[async_trait]
pub(crate) trait LineFactory: Send + Sync {
    /// Returns a line that allows two legs and waits 400 ms for a first response.
    async fn line_to(&self, callee: ScriptedCallee) -> Arc<dyn Line>;
    /// Dials a leg on the line and loses its process. Returns its call, and its dialog if it was answered.
    async fn lose(&self, line: &Arc<dyn Line>, loss: CrashPoint) -> (CallId, Option<AnsweredDialog>);
}

/// Dials a leg on the line and follows it to the state in which it is to be lost. Returns its call, the
/// leg, and its dialog if it was answered.
pub(crate) async fn dial_until(
    line: &Arc<dyn Line>,
    loss: CrashPoint,
) -> (CallId, Box<dyn Leg>, Option<AnsweredDialog>) {
    let call = new_call();
    let mut leg = line
        .dial(permit_for(call), order(call))
        .await
        .expect("the line takes an order");
    let event = match loss {
        CrashPoint::Ringing => next(&mut leg).await,
        CrashPoint::Unacknowledged | CrashPoint::Talking => next_after_ringing(&mut leg).await,
    };
    if loss == CrashPoint::Talking {
        leg.acknowledge().await.expect("the leg is answered");
    }
    match event {
        LegEvent::Answered(dialog) => (call, leg, Some(dialog)),
        _ => (call, leg, None),
    }
}

/// Runs all checks.
pub(crate) async fn keeps_the_contract(stage: &dyn LineFactory) {
    a_permit_of_another_call_is_refused(stage).await;
    an_order_behind_its_permit_is_refused(stage).await;
    // Each case has a line of its own; they run in parallel because callees take their time.
    tokio::join!(
        Box::pin(an_answered_leg_plays_and_is_hung_up_by_us(stage)),
        Box::pin(the_callee_hangs_up(stage)),
        Box::pin(a_keypress_comes_once(stage)),
        Box::pin(a_refused_leg_fails_definitely(stage)),
        Box::pin(a_cancelled_leg_fails_with_our_cause(stage)),
        Box::pin(a_ring_timeout_cancels(stage)),
        Box::pin(an_answer_across_cancel_is_late(stage)),
        Box::pin(silence_fails_without_being_definite(stage)),
        Box::pin(a_full_line_refuses_and_a_dropped_leg_frees_it(stage)),
        Box::pin(an_answer_waits_for_its_acknowledgment(stage)),
        Box::pin(left_over_contract::keeps_the_contract(stage)),
    );
}

async fn a_permit_of_another_call_is_refused(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let (permitted, ordered) = (new_call(), new_call());
    let refused = line.dial(permit_for(permitted), order(ordered)).await.err();
    assert_eq!(refused, Some(LineError::PermitMismatch { permitted, ordered }));
    let mut second = order(permitted);
    second.leg = 2;
    assert!(
        line.dial(permit_for(permitted), second).await.is_err(),
        "another leg"
    );
}

async fn an_order_behind_its_permit_is_refused(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let call = new_call();
    let permit = permit_until(call, SuiteClock.now().minus_ms(60_000));
    let leaves_by = permit.leaves_by();
    let refused = line.dial(permit, order(call)).await.err();
    assert_eq!(refused, Some(LineError::TooLate(leaves_by)));
}

async fn an_answered_leg_plays_and_is_hung_up_by_us(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let mut leg = answered(&line).await;
    leg.record_callee().await.expect("the leg is answered");
    leg.play(1, clip(60)).await.expect("the leg is answered");
    leg.play(2, clip(40)).await.expect("the leg is answered");
    // Times are those of the recording, which begins at the answer.
    for (expected, played_ms) in [(1, 60), (2, 100)] {
        match next(&mut leg).await {
            LegEvent::Played { play, recorded_ms } => {
                assert!(
                    play == expected && recorded_ms >= played_ms,
                    "{play} at {recorded_ms} ms"
                );
            }
            event => panic_with(&event, "Played"),
        }
    }
    let mut heard = leg.listen().await.expect("the leg is answered");
    leg.play(3, clip(60_000)).await.expect("the leg is answered");
    leg.play(4, clip(20)).await.expect("the leg is answered");
    let first = follows(&mut heard, 10).await;
    leg.stop_playing().await.expect("the leg is answered");
    match next(&mut leg).await {
        LegEvent::PlayCut {
            play: 3,
            played_ms,
            recorded_ms,
        } => assert!(
            (20..60_000).contains(&played_ms) && recorded_ms > first + played_ms - 60,
            "{played_ms} of {recorded_ms} ms"
        ),
        event => panic_with(&event, "the clip that was cut"),
    }
    leg.hang_up().await.expect("the leg is answered");
    let event = next(&mut leg).await;
    assert!(
        matches!(
            event,
            LegEvent::HungUp {
                by: HangupSource::Robot,
                ..
            }
        ),
        "{event:?}"
    );
    assert_eq!(leg.hang_up().await, Err(LineError::Ended));
    assert_eq!(leg.play(5, clip(20)).await, Err(LineError::Ended));
    closes(&mut leg).await;
    assert!(leg.listen().await.is_err(), "an ended leg is not heard");
    while heard.next().await.is_some() {}
}

/// Asserts that this many frames come in order, with gaps reported. Returns the start of the first frame,
/// in milliseconds.
async fn follows(heard: &mut Box<dyn HeardAudio>, frames: usize) -> u64 {
    let mut first = None;
    let mut expected_ms = None;
    for _ in 0..frames {
        let frame = heard.next().await.expect("the leg is answered");
        let lost_ms = u64::from(frame.lost_before) * FRAME_MS;
        assert_eq!(frame.at_ms, expected_ms.unwrap_or(frame.at_ms) + lost_ms);
        expected_ms = Some(frame.at_ms + FRAME_MS);
        first.get_or_insert(frame.at_ms);
    }
    first.expect("at least one frame")
}

async fn the_callee_hangs_up(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::HangsUp).await;
    let mut leg = answered(&line).await;
    leg.play(1, clip(20_000)).await.expect("the leg is answered");
    let event = next(&mut leg).await;
    assert!(
        matches!(
            event,
            LegEvent::HungUp {
                by: HangupSource::Callee,
                ..
            }
        ),
        "{event:?}"
    );
    closes(&mut leg).await;
}

async fn a_keypress_comes_once(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::PressesKey).await;
    let mut leg = answered(&line).await;
    leg.play(1, clip(PROMPT_MS)).await.expect("the leg is answered");
    let mut digits = Vec::new();
    while digits.is_empty() {
        match next(&mut leg).await {
            LegEvent::Keypress { digit } => digits.push(digit),
            LegEvent::Played { .. } => {}
            event => panic_with(&event, "a keypress"),
        }
    }
    leg.hang_up().await.expect("the leg is answered");
    loop {
        match next(&mut leg).await {
            LegEvent::Closed(_) => break,
            LegEvent::Keypress { digit } => digits.push(digit),
            LegEvent::HungUp { .. } | LegEvent::Played { .. } => {}
            event => panic_with(&event, "the end"),
        }
    }
    assert_eq!(digits.len(), 1, "{digits:?}");
}

async fn a_refused_leg_fails_definitely(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Busy).await;
    let mut leg = dial(&line).await;
    match next_after_ringing(&mut leg).await {
        LegEvent::Failed(failure) => {
            assert_eq!((failure.sip_code, failure.q850), (Some(486), Some(17)));
            assert_eq!((failure.cause, failure.definite), (FailureCause::Response, true));
        }
        event => panic_with(&event, "Failed"),
    }
    assert_eq!(leg.cancel().await, Err(LineError::Ended));
    closes(&mut leg).await;
}

async fn a_cancelled_leg_fails_with_our_cause(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Rings).await;
    let mut leg = dial(&line).await;
    let event = next(&mut leg).await;
    assert!(matches!(event, LegEvent::Ringing { .. }), "{event:?}");
    leg.cancel().await.expect("the leg rings");
    is_cancelled(&mut leg).await;
}

async fn a_ring_timeout_cancels(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Rings).await;
    let call = new_call();
    let mut order = order(call);
    order.ring_timeout_ms = Some(1_500);
    let mut leg = line
        .dial(permit_for(call), order)
        .await
        .expect("the line takes an order");
    is_cancelled(&mut leg).await;
}

async fn is_cancelled(leg: &mut Box<dyn Leg>) {
    match next_after_ringing(leg).await {
        LegEvent::Failed(failure) => {
            assert_eq!((failure.cause, failure.rang), (FailureCause::Cancelled, true));
        }
        event => panic_with(&event, "Failed"),
    }
    closes(leg).await;
}

async fn an_answer_across_cancel_is_late(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::CrossesCancel).await;
    let mut leg = dial(&line).await;
    let event = next(&mut leg).await;
    assert!(matches!(event, LegEvent::Ringing { .. }), "{event:?}");
    leg.cancel().await.expect("the leg rings");
    let event = next(&mut leg).await;
    assert!(matches!(event, LegEvent::LateAnswered(_)), "{event:?}");
    // A line may also report the failure of its attempt; it must not report that the leg was answered.
    match next(&mut leg).await {
        LegEvent::Failed(failure) => {
            assert_eq!(failure.cause, FailureCause::Cancelled);
            closes(&mut leg).await;
        }
        LegEvent::Closed(_) => stays_silent(&mut leg).await,
        event => panic_with(&event, "Closed"),
    }
}

async fn silence_fails_without_being_definite(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Silent).await;
    let mut leg = dial(&line).await;
    match next(&mut leg).await {
        LegEvent::Failed(failure) => {
            assert_eq!(
                (failure.cause, failure.definite),
                (FailureCause::NoResponse, false)
            );
        }
        event => panic_with(&event, "Failed"),
    }
}

async fn a_full_line_refuses_and_a_dropped_leg_frees_it(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Rings).await;
    let (first, second) = (dial(&line).await, dial(&line).await);
    let call = new_call();
    assert_eq!(
        line.dial(permit_for(call), order(call)).await.err(),
        Some(LineError::Busy)
    );
    drop((first, second));
    for _ in 0..500 {
        let call = new_call();
        match line.dial(permit_for(call), order(call)).await {
            Ok(_) => return,
            Err(error) => assert_eq!(error, LineError::Busy),
        }
        SuiteClock.wait_until(SuiteClock.now().plus_ms(20)).await;
    }
    unreachable!("two dropped legs never freed the line");
}

/// Checks that no clip is played before the ACK. A leg that is given up meanwhile is acknowledged and hung
/// up by the line.
async fn an_answer_waits_for_its_acknowledgment(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let mut leg = dial(&line).await;
    let event = next_after_ringing(&mut leg).await;
    assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
    leg.hang_up().await.expect("the leg is answered");
    let event = next(&mut leg).await;
    assert!(
        matches!(
            event,
            LegEvent::HungUp {
                by: HangupSource::Robot,
                ..
            }
        ),
        "{event:?}"
    );
    closes(&mut leg).await;
    assert_eq!(leg.acknowledge().await, Err(LineError::Ended));
}
