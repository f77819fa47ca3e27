//! The events of an emergency stop. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use super::id::StopScope;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum StopEvent {
    /// No new dials start within the stop's scope until it is lifted.
    #[serde(rename = "stop.engaged")]
    Engaged {
        scope: StopScope,
        /// Name or id of the trunk, campaign or preset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        reason: String,
        /// Active calls are hung up too.
        hang_up: bool,
    },
    /// The stop was lifted; dialing may resume.
    #[serde(rename = "stop.lifted")]
    Lifted { reason: String },
}

/// Event kinds as stored, one per variant. They never change.
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
