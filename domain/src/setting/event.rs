//! Facts about one setting. Stored kinds and versions; never changed, only added to. Who acted stands in the
//! envelope.

use super::name::SettingName;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SettingEvent {
    /// From here on it has another value.
    #[serde(rename = "setting.changed")]
    Changed {
        name: SettingName,
        /// Its default where nobody had changed it.
        before: u64,
        after: u64,
        reason: String,
    },
}

/// Stored kinds, each named for its variant. They never change.
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
