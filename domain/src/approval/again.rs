//! A repeated use: what was done by an approval is answered again, and what it showed only for a while.

use super::SHOWN_AGAIN_MS;
use super::command::ApproverNow;
use super::decide::still_holds;
use super::refusal::ApprovalRefusal;
use super::state::ApprovalState;
use crate::time::Timestamp;

/// Whether a use that is repeated stands for the first one. One that has not been used is for the decider;
/// an act that changed something is answered as it was, whenever it is asked.
pub fn stands_again(
    state: &ApprovalState,
    approver: ApproverNow,
    now: Timestamp,
) -> Result<(), ApprovalRefusal> {
    let (Some(requested), Some(used_at)) = (state.requested(), state.used_at()) else {
        return Ok(());
    };
    if !requested.asked.act.shows_values() {
        return Ok(());
    }
    if now >= used_at.plus_ms(SHOWN_AGAIN_MS) {
        return Err(ApprovalRefusal::Used);
    }
    state
        .approved_by()
        .map_or(Ok(()), |approved_by| still_holds(approver, approved_by))
}
