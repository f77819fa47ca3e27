//! The events of a summary. Stored kinds and versions never change; new ones are added.

use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingAskedFact, WordingFailedFact};
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// Event kinds as stored, one per variant. They never change.
impl SummaryEvent {
    pub const RECORDED: &'static str = "summary.recorded";
    pub const TEXT_RECORDED: &'static str = "summary.text_recorded";
    pub const WORDING_ASKED: &'static str = "summary.wording_asked";
    pub const WORDED: &'static str = "summary.worded";
    pub const WORDING_FAILED: &'static str = "summary.wording_failed";
}

impl EventData for SummaryEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Recorded(_) => Self::RECORDED,
            Self::TextRecorded(_) => Self::TEXT_RECORDED,
            Self::WordingAsked(_) => Self::WORDING_ASKED,
            Self::Worded(_) => Self::WORDED,
            Self::WordingFailed(_) => Self::WORDING_FAILED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Recorded(fact) => fact.personal(),
            Self::TextRecorded(fact) => fact.personal(),
            Self::Worded(fact) => vec![
                ("/text".to_owned(), &mut fact.text),
                ("/follow_up".to_owned(), &mut fact.follow_up),
            ],
            Self::WordingAsked(_) | Self::WordingFailed(_) => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
