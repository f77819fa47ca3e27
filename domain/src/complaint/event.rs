//! The events of a complaint. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::{CaseAbout, Deadline};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ComplaintEvent {
    /// A complaint was received; the event has its source, its subject and its deadline.
    #[serde(rename = "complaint.opened")]
    #[open(reference, what, owner)]
    Opened {
        source: ComplaintSource,
        #[serde(flatten)]
        about: CaseAbout,
        /// The reference number at the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        what: String,
        received_at: Timestamp,
        deadline: Deadline,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// The complaint was assigned to an owner.
    #[serde(rename = "complaint.assigned")]
    #[open(to, before)]
    Assigned {
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    },
    /// The complaint was answered.
    #[serde(rename = "complaint.resolved")]
    #[open(note)]
    Resolved { outcome: ComplaintOutcome, note: String },
}
