//! The part of the `Line` contract about left-over legs: each is ended at the far end, and what
//! the far end says of it is reported.

use super::contract::{CrashPoint, LineFactory, ScriptedCallee};
use super::suite_legs::next_left_over;
use domain::call::LegIdentity;
use domain::ids::CallId;
use domain::ports::line::{AnsweredDialog, LeftOverEvent, LegFacts, Line};
use std::sync::Arc;

/// Runs this part of the suite; each case has a line of its own.
pub(super) async fn keeps_the_contract(stage: &dyn LineFactory) {
    tokio::join!(
        Box::pin(a_left_over_leg_that_rings_is_ended(stage)),
        Box::pin(a_left_over_leg_that_was_answered_is_hung_up(stage)),
        Box::pin(a_late_answer_of_a_left_over_leg_is_reported(stage)),
    );
}

fn left_over(line: &Arc<dyn Line>, call: CallId, answered: Option<AnsweredDialog>) -> LegFacts {
    LegFacts {
        call,
        leg: 1,
        identity: LegIdentity::from_ids(call, 1),
        local: line.facts().local,
        callee: "+8613800138000".to_owned(),
        caller: None,
        answered,
    }
}

/// Checks a leg that rings: the far end accepts the CANCEL, and then refuses the INVITE.
async fn a_left_over_leg_that_rings_is_ended(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Rings).await;
    let call = stage.lose(&line, CrashPoint::Ringing).await.0;
    let mut ending = line
        .end_left_over(left_over(&line, call, None))
        .await
        .expect("an order");
    assert_eq!(next_left_over(&mut ending).await, LeftOverEvent::Refused);
}

async fn a_left_over_leg_that_was_answered_is_hung_up(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let (call, dialog) = stage.lose(&line, CrashPoint::Talking).await;
    let facts = left_over(&line, call, dialog);
    assert!(facts.answered.is_some());
    let mut ending = line.end_left_over(facts).await.expect("an order");
    assert_eq!(next_left_over(&mut ending).await, LeftOverEvent::Closed);
}

/// Checks a leg with an answer that was never acknowledged: the far end repeats the answer, and it is
/// reported.
async fn a_late_answer_of_a_left_over_leg_is_reported(stage: &dyn LineFactory) {
    let line = stage.line_to(ScriptedCallee::Answers).await;
    let (call, dialog) = stage.lose(&line, CrashPoint::Unacknowledged).await;
    let mut ending = line
        .end_left_over(left_over(&line, call, None))
        .await
        .expect("an order");
    match next_left_over(&mut ending).await {
        LeftOverEvent::LateAnswered(reported) => assert_eq!(Some(reported), dialog),
        event => panic!("{event:?} instead of the answer"),
    }
    assert_eq!(next_left_over(&mut ending).await, LeftOverEvent::Closed);
}
