//! Runs the flow over an answered leg: every node, key and notice is stored before what follows from it.
//!
//! The recording notice comes first. When its last frame has been played and that is stored, the callee's
//! channel is added to the recording. An opt-out by key or by voice is stored on the number before anything
//! else of it. The call ends when the flow does, when the callee hangs up, at the longest duration, or by an
//! order.

mod ahead;
#[cfg(test)]
mod ahead_tests;
mod assisting;
#[cfg(test)]
mod assisting_tests;
mod attending;
#[cfg(test)]
mod attending_tests;
mod clips;
mod ear;
mod encoding;
#[cfg(test)]
mod encoding_tests;
mod end_facts;
mod hearing;
#[cfg(test)]
mod hearing_tests;
#[cfg(test)]
mod manner_tests;
mod offering;
#[cfg(test)]
mod offering_tests;
mod opt_out;
mod playing;
mod prepare;
mod queued;
mod spoken;
#[cfg(test)]
mod spoken_flow_tests;
mod talk;
mod telling_seller;
#[cfg(test)]
mod telling_seller_tests;
#[cfg(test)]
mod tests;
mod turn;
mod unrecorded;

pub(crate) use prepare::{Prepared, Trial, prepare};

use super::kit::{Halt, Kit};
use super::live_calls::Working;
use super::one_call::Attempt;
use domain::call::command::CallEnding;
use domain::call::event::Notice;
use domain::flow::NoticeKind;
use domain::ports::line::{Leg, LegEvent};
use spoken::{HEARD_MAX, HangUpOrders, Heard};
use std::collections::VecDeque;
use talk::Talk;
use tokio::sync::oneshot;

/// Longest wait for the first prompt after the answer, in milliseconds; after more the callee has hung up.
const PREPARE_MS_MAX: u64 = 4_000;

/// Runs the conversation until the call is over. The caller stores `call.ended` with the returned ending.
pub(crate) async fn talk(
    attempt: &mut Attempt,
    working: &mut Working,
    mut leg: Box<dyn Leg>,
    leg_number: u8,
    prepared: oneshot::Receiver<Prepared>,
) -> Result<CallEnding, Halt> {
    if attempt.facts.plan.dialing_mode().needs_agents() {
        return Box::pin(attending::attend(attempt, working, leg, leg_number, prepared)).await;
    }
    let mut orders = HangUpOrders::of(working);
    let (prepared, heard) = prepared_in_time(&attempt.kit, leg.as_mut(), prepared, &mut orders).await;
    Box::pin(Talk::new(attempt, leg, leg_number, prepared, orders).run(working, heard)).await
}

/// Waits for the preparation. If it failed or hangs, the default is returned, and the call ends as failed.
/// Events of the leg are collected meanwhile, so that a hang-up keeps its time.
async fn prepared_in_time(
    kit: &Kit,
    leg: &mut dyn Leg,
    mut prepared: oneshot::Receiver<Prepared>,
    orders: &mut HangUpOrders,
) -> (Prepared, VecDeque<Heard>) {
    let clock = &kit.environment.clock;
    let limit = clock.now().plus_ms(PREPARE_MS_MAX);
    let mut heard = VecDeque::new();
    loop {
        tokio::select! {
            biased;
            () = orders.given() => return (Prepared::default(), heard),
            prepared = &mut prepared => return (prepared.unwrap_or_default(), heard),
            event = leg.next(), if heard.len() < HEARD_MAX => {
                let is_over = matches!(event, LegEvent::Closed(_));
                heard.push_back((event, clock.now()));
                if is_over {
                    return (Prepared::default(), heard);
                }
            }
            () = clock.wait_until(limit) => return (Prepared::default(), heard),
        }
    }
}

const fn stored_notice(kind: NoticeKind) -> Notice {
    match kind {
        NoticeKind::Recording => Notice::Recording,
        NoticeKind::Ai => Notice::Ai,
    }
}
