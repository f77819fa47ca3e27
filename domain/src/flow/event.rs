//! Facts about one flow: its published versions.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::ids::FlowId;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
    },
}

/// Stored kinds, each named for its variant. They never change.
impl FlowEvent {
    pub const PUBLISHED: &'static str = "flow.published";
}

impl EventData for FlowEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Published { .. } => Self::PUBLISHED,
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
