//! The events of a chart's notes. Stored kinds and versions never change; new ones are added.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ChartNoteEvent {
    /// A user noted what happened at a time.
    #[serde(rename = "chart_note.added")]
    Added {
        #[serde(flatten)]
        note: ChartNoteContent,
        /// The user who wrote the note.
        by: String,
    },
}

/// The content of a note and its place on the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ChartNoteContent")]
pub struct ChartNoteContent {
    /// The campaign with the note on its chart. Absent if it concerns all campaigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The time that the note refers to.
    pub about_at: Timestamp,
    /// The text. It is stored forever and must not name a person.
    #[schemars(example = &"线路二停了十分钟")]
    pub text: String,
}

/// Event kinds as stored, one per variant. They never change.
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
