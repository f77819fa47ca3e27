//! Requests to an approval: ask for it, decide it, use it.

use super::act::Asked;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::ids::UserId;

/// Somebody asks for an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requesting {
    pub asked: Asked,
    pub reason: String,
    pub by: UserId,
    /// From when on it is neither approved nor used.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalCommand {
    Request(Requesting),
    Approve {
        by: UserId,
        reason: Option<String>,
        credentials: CredentialSources,
    },
    Reject {
        /// The user; nobody where the directory's own key was used.
        by: Option<UserId>,
        reason: String,
    },
    /// The act begins.
    Use {
        by: UserId,
        asked: Asked,
        approver: ApproverNow,
    },
}

/// The users who gave the approver and the requester their credentials, directly or through others: who chose
/// a password for them, saw their set-up link, linked their identity provider or created their key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CredentialSources {
    pub of_approver: BTreeSet<UserId>,
    pub of_requester: BTreeSet<UserId>,
}

/// What who approved may at the moment of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApproverNow {
    HoldsTheRight,
    Disabled,
    LostTheRight,
}

impl ApprovalCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "approval.request",
            Self::Approve { .. } => "approval.approve",
            Self::Reject { .. } => "approval.reject",
            Self::Use { .. } => "approval.use",
        }
    }
}
