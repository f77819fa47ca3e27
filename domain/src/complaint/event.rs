//! The events of a complaint. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::{CaseAbout, Deadline};
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ComplaintEvent {
    /// A complaint was received; the event has its source, its subject and its deadline.
    #[serde(rename = "complaint.opened")]
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
    Assigned {
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    },
    /// The complaint was answered.
    #[serde(rename = "complaint.resolved")]
    Resolved { outcome: ComplaintOutcome, note: String },
}

/// Event kinds as stored, one per variant. They never change.
impl ComplaintEvent {
    pub const OPENED: &'static str = "complaint.opened";
    pub const ASSIGNED: &'static str = "complaint.assigned";
    pub const RESOLVED: &'static str = "complaint.resolved";
}

impl EventData for ComplaintEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => Self::OPENED,
            Self::Assigned { .. } => Self::ASSIGNED,
            Self::Resolved { .. } => Self::RESOLVED,
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
