//! The commands of an approval: request it, decide it, use it.

use super::act::ApprovalSubject;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::ids::UserId;

/// A user's request for an act that needs approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequest {
    pub asked: ApprovalSubject,
    pub reason: String,
    pub by: UserId,
    /// Time from which it can be neither approved nor used.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "approval")]
pub enum ApprovalCommand {
    Request(ApprovalRequest),
    Approve {
        by: UserId,
        reason: Option<String>,
        credentials: CredentialSources,
    },
    Reject {
        /// The user who rejects. `None` if the directory's own key was used.
        by: Option<UserId>,
        reason: String,
    },
    /// Uses the approval; the act begins.
    Use {
        by: UserId,
        asked: ApprovalSubject,
        approver: ApproverStatus,
    },
}

/// The users who gave the approver and the requester their credentials, directly or through other users: they
/// chose a password for them, saw their set-up link, linked their identity provider or created their key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialSources {
    pub of_approver: BTreeSet<UserId>,
    pub of_requester: BTreeSet<UserId>,
}

/// The approver's permission at the moment of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApproverStatus {
    HoldsTheRight,
    Disabled,
    LostTheRight,
}
