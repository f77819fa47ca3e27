//! The fact about one summary. Stored kind and version; never changed, only added to.

use super::fact::SummaryFact;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SummaryEvent {
    /// What an ended call came to.
    #[serde(rename = "summary.recorded")]
    Recorded(Box<SummaryFact>),
}

/// Stored kinds, each named for its variant. They never change.
impl SummaryEvent {
    pub const RECORDED: &'static str = "summary.recorded";
}

impl EventData for SummaryEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Recorded(_) => Self::RECORDED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let Self::Recorded(fact) = self;
        fact.personal()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
