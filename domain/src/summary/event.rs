//! The events of a summary. Stored kinds and versions never change; new ones are added.

use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum SummaryEvent {
    /// The summary of an ended call.
    #[serde(rename = "summary.recorded")]
    Recorded(Box<SummaryFact>),
    /// The summary of a closed text conversation.
    #[serde(rename = "summary.text_recorded")]
    TextRecorded(Box<TextSummaryFact>),
    /// A model is about to be asked for an additional wording.
    #[serde(rename = "summary.wording_asked")]
    WordingAsked(Box<WordingAskedFact>),
    /// The wording that the model wrote. It is for readers only: no figure and no decision uses it.
    #[serde(rename = "summary.worded")]
    Worded(Box<WordedFact>),
    /// The model wrote nothing, or its text was refused.
    #[serde(rename = "summary.wording_failed")]
    WordingFailed(Box<WordingFailedFact>),
}
