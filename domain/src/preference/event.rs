//! Facts about what one user prefers. Stored kinds and versions; never changed, only added to. Whose they
//! are stands in the stream's name, who acted in the envelope.

use super::chosen::Chosen;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum PreferenceEvent {
    /// All that the user prefers from here on.
    #[serde(rename = "preference.changed")]
    Changed {
        #[serde(flatten)]
        chosen: Chosen,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl PreferenceEvent {
    pub const CHANGED: &'static str = "preference.changed";
}

impl EventData for PreferenceEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Changed { .. } => Self::CHANGED,
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
