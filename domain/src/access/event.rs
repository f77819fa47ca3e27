//! Facts about refused attempts. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum AccessEvent {
    /// Attempts were refused: those since the event before this one.
    #[serde(rename = "access.refused")]
    Refused {
        #[serde(flatten)]
        facts: RefusedFacts,
    },
}

/// What was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefusedFacts {
    /// How many attempts; the rest tells of the last of them.
    pub count: u64,
    /// When the first of them was.
    pub since: Timestamp,
    /// The route, as the published description names it, or `kurrentdb`.
    pub route: String,
    /// Why: the code of the problem that was answered.
    pub code: String,
}

/// Stored kinds, each named for its variant. They never change.
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
