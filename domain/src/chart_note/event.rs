//! The events of a chart's notes. Stored kinds and versions never change; new ones are added.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ChartNoteEvent {
    /// A user noted what happened at a time.
    #[serde(rename = "chart_note.added")]
    #[open(by)]
    Added {
        #[serde(flatten)]
        note: ChartNoteContent,
        /// The user who wrote the note.
        by: String,
    },
}

/// The content of a note and its place on the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[schemars(rename = "ChartNoteContent")]
#[open(text)]
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
