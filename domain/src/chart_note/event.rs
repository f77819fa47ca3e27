//! Facts about the notes of one chart. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ChartNoteEvent {
    /// Somebody says what happened at a time.
    #[serde(rename = "chart_note.added")]
    Added {
        #[serde(flatten)]
        note: Noted,
        /// Who says so.
        by: String,
    },
}

/// What is noted, and where on the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ChartNoted")]
pub struct Noted {
    /// Only on the chart of this campaign; left out where it is about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The moment that it stands at.
    pub about_at: Timestamp,
    /// Stored for ever; name no person.
    #[schemars(example = &"线路二停了十分钟")]
    pub text: String,
}

/// Stored kinds, each named for its variant. They never change.
impl ChartNoteEvent {
    pub const ADDED: &'static str = "chart_note.added";
}

impl EventData for ChartNoteEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Added { .. } => Self::ADDED,
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
