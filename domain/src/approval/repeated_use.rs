//! Repeated use of an approval: the first use is answered again; values in clear text only for a limited
//! time.

use super::SHOWN_AGAIN_MS;
use super::command::ApproverStatus;
use super::decide::check_approver;
use super::refusal::ApprovalRefusal;
use super::state::ApprovalState;
use crate::time::Timestamp;

/// Refuses a repeated request that may not return the result of the first use. Acts that change something
/// pass without a time limit. Values in clear text are shown again only within `SHOWN_AGAIN_MS` and while
/// the approver has the permission. An unused approval passes; the decider handles it.
pub fn check_repeated_use(
    state: &ApprovalState,
    approver: ApproverStatus,
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
        .map_or(Ok(()), |approved_by| check_approver(approver, approved_by))
}
