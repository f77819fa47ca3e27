//! Facts about one approval. Stored kinds and versions; never changed, only added to.

use super::act::Asked;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ApprovalEvent {
    /// Somebody asks for an act that needs a second person.
    #[serde(rename = "approval.requested")]
    Requested {
        #[serde(flatten)]
        asked: Asked,
        reason: String,
        requested_by: UserId,
        /// From when on it is neither approved nor used.
        expires_at: Timestamp,
    },
    /// Another person approves it.
    #[serde(rename = "approval.approved")]
    Approved {
        approved_by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It is not to be done.
    #[serde(rename = "approval.rejected")]
    Rejected {
        /// Absent where the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<UserId>,
        reason: String,
    },
    /// The act begins: it serves no other.
    #[serde(rename = "approval.used")]
    Used {},
}

/// Stored kinds, each named for its variant. They never change.
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
