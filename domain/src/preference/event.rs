//! The events of a user's preferences. Stored kinds and versions never change; new ones are added. The
//! stream's name has the user, the envelope the actor.

use super::user_preferences::UserPreferences;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum PreferenceEvent {
    /// The preferences were set. The event has all of them.
    #[serde(rename = "preference.changed")]
    Changed {
        #[serde(flatten)]
        chosen: UserPreferences,
    },
}

/// Event kinds as stored, one per variant. They never change.
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
