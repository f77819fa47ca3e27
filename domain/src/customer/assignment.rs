//! Assigns a customer to a user or team, which decides the data scope of agents and supervisors (SEC-1).

use super::assignee::Assignee;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;

/// The most bytes of an assignment's reason; a longer one is refused. It is stored permanently and must not
/// contain personal data.
pub const ASSIGNMENT_REASON_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<CustomerEvent>, CustomerRefusal>;

pub(super) fn assign(state: &CustomerState, to: Assignee, reason: String) -> DecideResult {
    super::decider_support::check_not_erased(state)?;
    known(state)?;
    given(&reason)?;
    if state.assignee() == Some(&to) {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::Assigned {
        to,
        before: state.assignee().cloned(),
        reason,
    }])
}

pub(super) fn unassign(state: &CustomerState, reason: String) -> DecideResult {
    known(state)?;
    given(&reason)?;
    Ok(match state.assignee() {
        Some(before) => vec![CustomerEvent::Unassigned {
            before: before.clone(),
            reason,
        }],
        None => Vec::new(),
    })
}

const fn known(state: &CustomerState) -> Result<(), CustomerRefusal> {
    if state.is_registered() {
        return Ok(());
    }
    Err(CustomerRefusal::NotRegistered)
}

fn given(reason: &str) -> Result<(), CustomerRefusal> {
    if reason.trim().is_empty() || reason.len() > ASSIGNMENT_REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: ASSIGNMENT_REASON_BYTES_MAX,
        });
    }
    Ok(())
}
