//! Runs the flow over an answered leg: every node, key and notice is stored before what follows from it.
//!
//! The recording notice comes first; once its last frame has gone and that is stored, the callee's channel
//! is let into the recording. An opt-out by key is stored on the number at once. The call ends when the
//! flow does, when the callee hangs up, at the longest duration, or by an order.

mod ending;
mod prepare;
mod talk;
#[cfg(test)]
mod tests;

pub(crate) use prepare::{Prepared, prepare};

use super::kit::Halt;
use super::live_calls::Working;
use super::one_call::Attempt;
use domain::call::command::CallEnding;
use domain::ports::line::Leg;
use talk::Talk;
use tokio::sync::oneshot;

/// Longest wait for the first prompt once the callee has answered; longer, and nobody is there any more.
const PREPARE_MS_MAX: u64 = 4_000;

/// Talks until the call is over. The caller stores `call.ended` with what this answers.
pub(crate) async fn talk(
    attempt: &mut Attempt,
    working: &mut Working,
    leg: Box<dyn Leg>,
    leg_number: u8,
    prepared: oneshot::Receiver<Prepared>,
) -> Result<CallEnding, Halt> {
    let clock = &attempt.kit.environment.clock;
    // A preparation that died or hangs leaves nothing to say: the call ends as failed.
    let prepared = tokio::select! {
        biased;
        prepared = prepared => prepared.unwrap_or_default(),
        () = clock.wait_until(clock.now().plus_ms(PREPARE_MS_MAX)) => Prepared::default(),
    };
    Box::pin(Talk::new(attempt, leg, leg_number, prepared).run(working)).await
}
