//! Facts about one stop. Stored kinds and versions; never changed, only added to. Who acted stands in the
//! envelope.

use super::id::StopScope;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum StopEvent {
    /// Nobody new is dialed within its reach, until it is lifted.
    #[serde(rename = "stop.engaged")]
    Engaged {
        scope: StopScope,
        /// The trunk, campaign or preset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        reason: String,
        /// Those who are being talked to are hung up as well.
        hang_up: bool,
    },
    /// Dialing may go on.
    #[serde(rename = "stop.lifted")]
    Lifted { reason: String },
}

/// Stored kinds, each named for its variant. They never change.
impl StopEvent {
    pub const ENGAGED: &'static str = "stop.engaged";
    pub const LIFTED: &'static str = "stop.lifted";
}

impl EventData for StopEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Engaged { .. } => Self::ENGAGED,
            Self::Lifted { .. } => Self::LIFTED,
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
