//! The events of a setting. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use super::name::SettingName;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SettingEvent {
    /// The setting was changed.
    #[serde(rename = "setting.changed")]
    Changed {
        name: SettingName,
        /// The previous value; the default if it was never changed.
        before: u64,
        after: u64,
        reason: String,
    },
}

/// Event kinds as stored, one per variant. They never change.
impl SettingEvent {
    pub const CHANGED: &'static str = "setting.changed";
}

impl EventData for SettingEvent {
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
