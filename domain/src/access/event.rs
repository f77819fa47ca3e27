//! The events of refused attempts. Stored kinds and versions never change; new ones are added.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum AccessEvent {
    /// Attempts were refused since the previous event.
    #[serde(rename = "access.refused")]
    Refused {
        #[serde(flatten)]
        facts: RefusedFacts,
    },
}

/// The refused attempts of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefusedFacts {
    /// Number of attempts. The other members describe the last one.
    pub count: u64,
    /// Time of the first of these attempts.
    pub since: Timestamp,
    /// The route, as the API description names it, or `kurrentdb`.
    pub route: String,
    /// The problem code of the response.
    pub code: String,
}

/// Event kinds as stored, one per variant. They never change.
impl AccessEvent {
    pub const REFUSED: &'static str = "access.refused";
}

impl EventData for AccessEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Refused { .. } => Self::REFUSED,
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
