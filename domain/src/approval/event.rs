//! The events of an approval. Stored kinds and versions never change; new ones are added.

use super::act::ApprovalSubject;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ApprovalEvent {
    /// A user requested an act that needs the approval of a second person.
    #[serde(rename = "approval.requested")]
    Requested {
        #[serde(flatten)]
        asked: ApprovalSubject,
        reason: String,
        requested_by: UserId,
        /// Time from which it can be neither approved nor used.
        expires_at: Timestamp,
    },
    /// Another user approved the request.
    #[serde(rename = "approval.approved")]
    Approved {
        approved_by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The request was rejected.
    #[serde(rename = "approval.rejected")]
    Rejected {
        /// The user who rejected. Absent if the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<UserId>,
        reason: String,
    },
    /// The approval was used: the act begins. It cannot be used for another act.
    #[serde(rename = "approval.used")]
    Used {},
}

/// Event kinds as stored, one per variant. They never change.
impl ApprovalEvent {
    pub const REQUESTED: &'static str = "approval.requested";
    pub const APPROVED: &'static str = "approval.approved";
    pub const REJECTED: &'static str = "approval.rejected";
    pub const USED: &'static str = "approval.used";
}

impl EventData for ApprovalEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Requested { .. } => Self::REQUESTED,
            Self::Approved { .. } => Self::APPROVED,
            Self::Rejected { .. } => Self::REJECTED,
            Self::Used {} => Self::USED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
