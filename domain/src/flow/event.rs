//! Facts about one flow: its published versions, and which of them is gone back to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::FourEyes;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum FlowEvent {
    /// A version of the flow, whole: a call keeps the version it began with, and a replay needs no file.
    #[serde(rename = "flow.published")]
    Published {
        flow: FlowId,
        /// From 1, one more per publication.
        flow_version: u32,
        /// SHA-256, lower hex, of the definition's canonical JSON.
        content_hash: String,
        /// Canonical JSON of the definition.
        definition: serde_json::Value,
        /// Who stood behind it. From the first version that names somebody on, every version does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// An earlier version is the current one again: what names the flow without a version means it from here
    /// on. A campaign keeps the version that it was made with.
    #[serde(rename = "flow.rolled_back")]
    RolledBack {
        flow: FlowId,
        /// The version that was current.
        from_version: u32,
        to_version: u32,
        /// Of the version that is current again.
        content_hash: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl FlowEvent {
    pub const PUBLISHED: &'static str = "flow.published";
    pub const ROLLED_BACK: &'static str = "flow.rolled_back";
}

impl EventData for FlowEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Published { .. } => Self::PUBLISHED,
            Self::RolledBack { .. } => Self::ROLLED_BACK,
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
