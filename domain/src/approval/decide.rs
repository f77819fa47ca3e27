//! Decides the commands of an approval: requested once, decided by another user, used once for the exact act.

use super::REASON_BYTES_MAX;
use super::act::Asked;
use super::command::{ApprovalCommand, ApproverNow, CredentialSources, Requesting};
use super::event::ApprovalEvent;
use super::refusal::ApprovalRefusal;
use super::state::{ApprovalState, RequestedApproval, Standing};
use crate::time::Timestamp;
use values::ids::UserId;

type Decided = Result<Vec<ApprovalEvent>, ApprovalRefusal>;

pub(super) fn decide(state: &ApprovalState, command: ApprovalCommand, now: Timestamp) -> Decided {
    match command {
        ApprovalCommand::Request(requesting) => request(state, requesting),
        ApprovalCommand::Approve {
            by,
            reason,
            credentials,
        } => {
            hold_apart(state, &by, &credentials)?;
            approve(state, by, reason, now)
        }
        ApprovalCommand::Reject { by, reason } => reject(state, by, reason, now),
        ApprovalCommand::Use { by, asked, approver } => use_it(state, &by, &asked, approver, now),
    }
}

/// Stores the request. A repeated request stores no event.
fn request(state: &ApprovalState, requesting: Requesting) -> Decided {
    if state.requested().is_some() {
        return Ok(Vec::new());
    }
    given(&requesting.reason)?;
    Ok(vec![ApprovalEvent::Requested {
        asked: requesting.asked,
        reason: requesting.reason,
        requested_by: requesting.by,
        expires_at: requesting.expires_at,
    }])
}

/// Refuses if the requester gave the approver a credential or the other way round: both could be one person.
fn hold_apart(
    state: &ApprovalState,
    approver: &UserId,
    credentials: &CredentialSources,
) -> Result<(), ApprovalRefusal> {
    let Some(requested) = state.requested() else {
        return Ok(());
    };
    if credentials.of_approver.contains(&requested.by) {
        return Err(ApprovalRefusal::CredentialFromRequester(requested.by.clone()));
    }
    if credentials.of_requester.contains(approver) {
        return Err(ApprovalRefusal::CredentialFromApprover(requested.by.clone()));
    }
    Ok(())
}

fn approve(state: &ApprovalState, by: UserId, reason: Option<String>, now: Timestamp) -> Decided {
    let (requested, standing) = known(state, now)?;
    if requested.by == by {
        return Err(ApprovalRefusal::OwnRequest);
    }
    if let Some(reason) = &reason {
        within(reason)?;
    }
    match standing {
        Standing::Waiting => Ok(vec![ApprovalEvent::Approved {
            approved_by: by,
            reason,
        }]),
        // It is approved already. The approval of one other user is enough.
        Standing::Approved => Ok(Vec::new()),
        Standing::Rejected | Standing::Used | Standing::Expired => Err(over(requested, standing)),
    }
}

/// Rejects a waiting or approved request that was not used yet. The requester may do so too.
fn reject(state: &ApprovalState, by: Option<UserId>, reason: String, now: Timestamp) -> Decided {
    let (requested, standing) = known(state, now)?;
    given(&reason)?;
    match standing {
        Standing::Waiting | Standing::Approved => Ok(vec![ApprovalEvent::Rejected {
            rejected_by: by,
            reason,
        }]),
        Standing::Rejected => Ok(Vec::new()),
        Standing::Used | Standing::Expired => Err(over(requested, standing)),
    }
}

fn use_it(
    state: &ApprovalState,
    by: &UserId,
    asked: &Asked,
    approver: ApproverNow,
    now: Timestamp,
) -> Decided {
    let (requested, standing) = known(state, now)?;
    if requested.by != *by {
        return Err(ApprovalRefusal::AnotherRequester(requested.by.clone()));
    }
    if requested.asked != *asked {
        return Err(ApprovalRefusal::AnotherAct);
    }
    match (standing, state.approved_by()) {
        (Standing::Approved, Some(approved_by)) => {
            still_holds(approver, approved_by)?;
            Ok(vec![ApprovalEvent::Used {}])
        }
        (other, _) => Err(over(requested, other)),
    }
}

/// Checks that the approver could still approve now.
pub(super) fn still_holds(approver: ApproverNow, approved_by: &UserId) -> Result<(), ApprovalRefusal> {
    match approver {
        ApproverNow::HoldsTheRight => Ok(()),
        ApproverNow::Disabled => Err(ApprovalRefusal::ApproverDisabled(approved_by.clone())),
        ApproverNow::LostTheRight => Err(ApprovalRefusal::ApproverLostTheRight(approved_by.clone())),
    }
}

fn known(state: &ApprovalState, now: Timestamp) -> Result<(&RequestedApproval, Standing), ApprovalRefusal> {
    let requested = state.requested().ok_or(ApprovalRefusal::Unknown)?;
    let standing = state.standing(now).ok_or(ApprovalRefusal::Unknown)?;
    Ok((requested, standing))
}

/// Returns the refusal for an approval with this status.
const fn over(requested: &RequestedApproval, standing: Standing) -> ApprovalRefusal {
    match standing {
        Standing::Waiting | Standing::Approved => ApprovalRefusal::NotApproved,
        Standing::Rejected => ApprovalRefusal::Rejected,
        Standing::Used => ApprovalRefusal::Used,
        Standing::Expired => ApprovalRefusal::Expired {
            at: requested.expires_at,
        },
    }
}

fn given(reason: &str) -> Result<(), ApprovalRefusal> {
    if reason.trim().is_empty() {
        return Err(ApprovalRefusal::NoReason);
    }
    within(reason)
}

const fn within(reason: &str) -> Result<(), ApprovalRefusal> {
    if reason.len() <= REASON_BYTES_MAX {
        return Ok(());
    }
    Err(ApprovalRefusal::TooLong {
        bytes: reason.len(),
        bytes_max: REASON_BYTES_MAX,
    })
}
