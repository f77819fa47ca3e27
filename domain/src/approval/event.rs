//! The events of an approval. Stored kinds and versions never change; new ones are added.

use super::act::ApprovalSubject;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ApprovalEvent {
    /// A user requested an act that needs the approval of a second person.
    #[serde(rename = "approval.requested")]
    #[open(reason)]
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
    #[open(reason)]
    Approved {
        approved_by: UserId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The request was rejected.
    #[serde(rename = "approval.rejected")]
    #[open(reason)]
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
