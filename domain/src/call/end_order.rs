//! Somebody's order to end one call, before it is answered or whatever it is doing. The order is stored, and
//! carried to whoever is at the call; what comes of it is told by the call's other events.

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;

/// Longest reason for an order to end a call.
pub const END_REASON_BYTES_MAX: usize = 512;

/// The leg that somebody answered.
fn answered(state: &CallState) -> Option<u8> {
    let leg = state.legs().iter().find(|leg| leg.answered.is_some());
    leg.map(|leg| leg.leg)
}

/// Ordered so already, or more strongly: no event.
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
    // A stronger order follows a weaker one.
    if state.end_ordered().is_some_and(|ordered| ordered >= hang_up) {
        return Ok(Vec::new());
    }
    Ok(vec![CallEvent::EndOrdered { hang_up, reason }])
}
