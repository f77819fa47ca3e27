//! Decides the commands of an approval: requested once, decided by another user, used once for the exact act.

use super::REASON_BYTES_MAX;
use super::act::ApprovalSubject;
use super::command::{ApprovalCommand, ApprovalRequest, ApproverStatus, CredentialSources};
use super::event::ApprovalEvent;
use super::refusal::ApprovalRefusal;
use super::state::{ApprovalState, ApprovalStatus, RequestedApproval};
use crate::time::Timestamp;
use values::ids::UserId;

type DecideResult = Result<Vec<ApprovalEvent>, ApprovalRefusal>;

pub(super) fn decide(state: &ApprovalState, command: ApprovalCommand, now: Timestamp) -> DecideResult {
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

/// Stores the request for an approval. No event if it was requested before; refused without a reason.
fn request(state: &ApprovalState, requesting: ApprovalRequest) -> DecideResult {
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

/// Refuses if the requester issued the approver's credential or the other way round: both could be one
/// person.
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

fn approve(state: &ApprovalState, by: UserId, reason: Option<String>, now: Timestamp) -> DecideResult {
    let (requested, standing) = known(state, now)?;
    if requested.by == by {
        return Err(ApprovalRefusal::OwnRequest);
    }
    if let Some(reason) = &reason {
        within(reason)?;
    }
    match standing {
        ApprovalStatus::Waiting => Ok(vec![ApprovalEvent::Approved {
            approved_by: by,
            reason,
        }]),
        // It is approved already. The approval of one other user is enough.
        ApprovalStatus::Approved => Ok(Vec::new()),
        ApprovalStatus::Rejected | ApprovalStatus::Used | ApprovalStatus::Expired => {
            Err(over(requested, standing))
        }
    }
}

/// Rejects a request that is waiting or approved and not used. The requester may do so too. No event if it
/// was rejected before; refused once it is used or expired.
fn reject(state: &ApprovalState, by: Option<UserId>, reason: String, now: Timestamp) -> DecideResult {
    let (requested, standing) = known(state, now)?;
    given(&reason)?;
    match standing {
        ApprovalStatus::Waiting | ApprovalStatus::Approved => Ok(vec![ApprovalEvent::Rejected {
            rejected_by: by,
            reason,
        }]),
        ApprovalStatus::Rejected => Ok(Vec::new()),
        ApprovalStatus::Used | ApprovalStatus::Expired => Err(over(requested, standing)),
    }
}

fn use_it(
    state: &ApprovalState,
    by: &UserId,
    asked: &ApprovalSubject,
    approver: ApproverStatus,
    now: Timestamp,
) -> DecideResult {
    let (requested, standing) = known(state, now)?;
    if requested.by != *by {
        return Err(ApprovalRefusal::AnotherRequester(requested.by.clone()));
    }
    if requested.asked != *asked {
        return Err(ApprovalRefusal::AnotherAct);
    }
    match (standing, state.approved_by()) {
        (ApprovalStatus::Approved, Some(approved_by)) => {
            check_approver(approver, approved_by)?;
            Ok(vec![ApprovalEvent::Used {}])
        }
        (other, _) => Err(over(requested, other)),
    }
}

/// Refuses unless the approver still is enabled and has the permission.
pub(super) fn check_approver(approver: ApproverStatus, approved_by: &UserId) -> Result<(), ApprovalRefusal> {
    match approver {
        ApproverStatus::HoldsTheRight => Ok(()),
        ApproverStatus::Disabled => Err(ApprovalRefusal::ApproverDisabled(approved_by.clone())),
        ApproverStatus::LostTheRight => Err(ApprovalRefusal::ApproverLostTheRight(approved_by.clone())),
    }
}

fn known(
    state: &ApprovalState,
    now: Timestamp,
) -> Result<(&RequestedApproval, ApprovalStatus), ApprovalRefusal> {
    let requested = state.requested().ok_or(ApprovalRefusal::Unknown)?;
    let standing = state.standing(now).ok_or(ApprovalRefusal::Unknown)?;
    Ok((requested, standing))
}

/// Returns why an approval with this status cannot be used.
const fn over(requested: &RequestedApproval, standing: ApprovalStatus) -> ApprovalRefusal {
    match standing {
        ApprovalStatus::Waiting | ApprovalStatus::Approved => ApprovalRefusal::NotApproved,
        ApprovalStatus::Rejected => ApprovalRefusal::Rejected,
        ApprovalStatus::Used => ApprovalRefusal::Used,
        ApprovalStatus::Expired => ApprovalRefusal::Expired {
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
