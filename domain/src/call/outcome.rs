//! Derives the outcome of a conversation for `call.ended`: from the flow, else from the reason of the end.

use super::command::CallEnding;
use super::event::EndReason;
use super::state::CallState;
use values::disposition::{Disposition, Outcome};

/// Returns the outcome of an answered conversation; `None` for any other call. An outcome that the flow
/// reached applies even if the callee then hung up.
pub(super) fn outcome(
    state: &CallState,
    ending: &CallEnding,
    disposition: Disposition,
    reason: EndReason,
) -> Option<Outcome> {
    let answered = matches!(disposition, Disposition::Answered | Disposition::Interrupted);
    if state.answered_at().is_none() || !answered {
        return None;
    }
    match (ending.outcome, reason) {
        (None | Some(Outcome::HungUp), _) if state.transfer_requested() => Some(Outcome::Callback),
        (Some(outcome), _) => Some(outcome),
        (None, EndReason::CalleeHungUp) => Some(Outcome::HungUp),
        (None, EndReason::OptedOut) => Some(Outcome::OptedOut),
        (None, EndReason::Fault | EndReason::MediaLost) => Some(Outcome::Failed),
        (
            None,
            EndReason::Network
            | EndReason::RingTimeout
            | EndReason::FlowEnded
            | EndReason::CampaignPaused
            | EndReason::CampaignStopped
            | EndReason::Drain
            | EndReason::EmergencyStop
            | EndReason::Requested
            | EndReason::NoAgent
            | EndReason::AgentHungUp
            | EndReason::Crash
            | EndReason::GrantExpired,
        ) => None,
    }
}
