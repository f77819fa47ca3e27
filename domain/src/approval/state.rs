//! The state of an approval, folded from its events: the request, the decision and the use.

use super::act::ApprovalSubject;
use super::event::ApprovalEvent;
use crate::time::Timestamp;
use serde::Serialize;
use values::ids::UserId;

/// The state of one approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalState {
    requested: Option<RequestedApproval>,
    decided: Option<DecidedApproval>,
    used_at: Option<Timestamp>,
}

/// What was requested: the act, the reason, the requester and the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedApproval {
    pub asked: ApprovalSubject,
    pub reason: String,
    pub by: UserId,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

/// The decision of another user about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedApproval {
    Approved {
        by: UserId,
        reason: Option<String>,
        at: Timestamp,
    },
    Rejected {
        by: Option<UserId>,
        reason: String,
        at: Timestamp,
    },
}

/// The status of an approval at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    /// Not decided yet.
    Waiting,
    /// Approved and not used yet.
    Approved,
    Rejected,
    /// The act was carried out.
    Used,
    /// Not decided or not used before its deadline.
    Expired,
}

impl ApprovalState {
    pub const fn requested(&self) -> Option<&RequestedApproval> {
        self.requested.as_ref()
    }

    pub const fn decided(&self) -> Option<&DecidedApproval> {
        self.decided.as_ref()
    }

    pub const fn used_at(&self) -> Option<Timestamp> {
        self.used_at
    }

    /// Returns the user who approved the request; `None` if it is not approved.
    pub const fn approved_by(&self) -> Option<&UserId> {
        match &self.decided {
            Some(DecidedApproval::Approved { by, .. }) => Some(by),
            Some(DecidedApproval::Rejected { .. }) | None => None,
        }
    }

    /// Returns the status of the approval at `now`; `None` if it was never requested.
    pub fn standing(&self, now: Timestamp) -> Option<ApprovalStatus> {
        let requested = self.requested.as_ref()?;
        let is_over = now >= requested.expires_at;
        Some(match (&self.decided, self.used_at) {
            (_, Some(_)) => ApprovalStatus::Used,
            (Some(DecidedApproval::Rejected { .. }), None) => ApprovalStatus::Rejected,
            (Some(DecidedApproval::Approved { .. }) | None, None) if is_over => ApprovalStatus::Expired,
            (Some(DecidedApproval::Approved { .. }), None) => ApprovalStatus::Approved,
            (None, None) => ApprovalStatus::Waiting,
        })
    }

    pub(super) fn apply(&mut self, event: &ApprovalEvent, at: Timestamp) {
        match event {
            ApprovalEvent::Requested {
                asked,
                reason,
                requested_by,
                expires_at,
            } => {
                self.requested = Some(RequestedApproval {
                    asked: asked.clone(),
                    reason: reason.clone(),
                    by: requested_by.clone(),
                    at,
                    expires_at: *expires_at,
                });
            }
            ApprovalEvent::Approved { approved_by, reason } => {
                self.decided = Some(DecidedApproval::Approved {
                    by: approved_by.clone(),
                    reason: reason.clone(),
                    at,
                });
            }
            ApprovalEvent::Rejected { rejected_by, reason } => {
                self.decided = Some(DecidedApproval::Rejected {
                    by: rejected_by.clone(),
                    reason: reason.clone(),
                    at,
                });
            }
            ApprovalEvent::Used {} => self.used_at = Some(at),
        }
    }
}
