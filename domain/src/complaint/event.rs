//! Facts about one complaint. Stored kinds and versions; never changed, only added to. Who acted stands
//! in the envelope.

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
    /// Somebody complained, by this way, about this.
    #[serde(rename = "complaint.opened")]
    Opened {
        source: ComplaintSource,
        #[serde(flatten)]
        about: CaseAbout,
        /// The number under which the source keeps it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        what: String,
        received_at: Timestamp,
        deadline: Deadline,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// Somebody is to see to it.
    #[serde(rename = "complaint.assigned")]
    Assigned {
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    },
    /// It is answered.
    #[serde(rename = "complaint.resolved")]
    Resolved { outcome: ComplaintOutcome, note: String },
}

/// Stored kinds, each named for its variant. They never change.
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
