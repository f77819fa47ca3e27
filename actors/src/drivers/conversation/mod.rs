//! Runs the flow over an answered leg: every node, key and notice is stored before what follows from it.
//!
//! The recording notice comes first. When its last frame has been played and that is stored, the callee's
//! channel is added to the recording. An opt-out by key or by voice is stored on the number before anything
//! else of it. The call ends when the flow does, when the callee hangs up, at the longest duration, or by an
//! order.

mod agent_call;
#[cfg(test)]
mod agent_call_tests;
mod assistant_request;
#[cfg(test)]
mod assistant_request_tests;
mod callee_speech;
#[cfg(test)]
mod callee_speech_tests;
mod clip_wait;
mod clips;
mod encoder_request;
#[cfg(test)]
mod encoder_request_tests;
mod end_facts;
mod forced_end;
#[cfg(test)]
mod manner_tests;
mod offer_choice;
#[cfg(test)]
mod offer_choice_tests;
mod opt_out;
mod playback_queue;
mod prefetch;
#[cfg(test)]
mod prefetch_tests;
mod prepare;
mod prompt_playback;
mod seller_message;
#[cfg(test)]
mod seller_message_tests;
mod session;
mod speech_input;
#[cfg(test)]
mod spoken_flow_tests;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use prepare::{PreparedConversation, TestCallValues, prepare};

use super::driver_context::{DriverContext, Halt};
use super::live_calls::EnrolmentLease;
use super::one_call::Attempt;
use clip_wait::{HEARD_MAX, HangUpOrders, TimedLegEvent};
use domain::call::command::CallEnding;
use domain::call::event::Notice;
use domain::flow::NoticeKind;
use domain::ports::line::{Leg, LegEvent};
use session::ConversationSession;
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// Longest wait for the first prompt after the answer, in milliseconds; after more the callee has hung up.
const PREPARE_MS_MAX: u64 = 4_000;

/// Runs the conversation until the call is over. The caller stores `call.ended` with the returned ending.
pub(crate) async fn run_conversation(
    attempt: &mut Attempt,
    working: &mut EnrolmentLease,
    mut leg: Box<dyn Leg>,
    leg_number: u8,
    prepared: oneshot::Receiver<PreparedConversation>,
) -> Result<CallEnding, Halt> {
    if attempt.facts.plan.dialing_mode().needs_agents() {
        return Box::pin(agent_call::attend(attempt, working, leg, leg_number, prepared)).await;
    }
    let mut orders = HangUpOrders::of(working);
    let (prepared, heard) = prepared_in_time(&attempt.kit, leg.as_mut(), prepared, &mut orders).await;
    Box::pin(ConversationSession::new(attempt, leg, leg_number, prepared, orders).run(working, heard)).await
}

/// Waits for the preparation. If it failed or hangs, the default is returned, and the call ends as failed.
/// Events of the leg are collected meanwhile, so that a hang-up keeps its time.
async fn prepared_in_time(
    kit: &DriverContext,
    leg: &mut dyn Leg,
    mut prepared: oneshot::Receiver<PreparedConversation>,
    orders: &mut HangUpOrders,
) -> (PreparedConversation, VecDeque<TimedLegEvent>) {
    let clock = &kit.environment.clock;
    let limit = clock.now().plus_ms(PREPARE_MS_MAX);
    let mut heard = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            () = orders.given() => return (PreparedConversation::default(), heard),
            prepared = &mut prepared => return (prepared.unwrap_or_default(), heard),
            event = leg.next(), if heard.len() < HEARD_MAX => {
                let is_over = matches!(event, LegEvent::Closed(_));
                heard.push_back((event, clock.now()));
                if is_over {
                    return (PreparedConversation::default(), heard);
                }
            }
            () = clock.wait_until(limit) => return (PreparedConversation::default(), heard),
        }
    }
}

const fn stored_notice(kind: NoticeKind) -> Notice {
    match kind {
        NoticeKind::Recording => Notice::Recording,
        NoticeKind::Ai => Notice::Ai,
    }
}
