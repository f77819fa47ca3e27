//! The order of a user or program to end one call, answered or not. The order is stored and passed on to the
//! worker of the call; other events of the call record what follows.

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;

/// The most bytes of the reason of an order to end a call; a longer one is refused.
pub const END_REASON_BYTES_MAX: usize = 512;

/// Returns the number of the leg that was answered, if there is one.
fn answered(state: &CallState) -> Option<u8> {
    let leg = state.legs().iter().find(|leg| leg.answered.is_some());
    leg.map(|leg| leg.leg)
}

/// Records an order to end the call. `hang_up`: also if it is answered. No event if the same or a stronger
/// order is recorded. Refused without a reason, and without `hang_up` once the call is answered.
pub(super) fn decide(
    state: &CallState,
    hang_up: bool,
    reason: String,
) -> Result<Vec<CallEvent>, CallRefusal> {
    if let Some(leg) = answered(state).filter(|_| !hang_up) {
        return Err(CallRefusal::AlreadyAnswered { leg });
    }
    if reason.trim().is_empty() || reason.len() > END_REASON_BYTES_MAX {
        return Err(CallRefusal::NoEndReason {
            bytes_max: END_REASON_BYTES_MAX,
        });
    }
    // An order with `hang_up` may follow one without.
    if state.end_ordered().is_some_and(|ordered| ordered >= hang_up) {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::EndOrdered { hang_up, reason }])
}
