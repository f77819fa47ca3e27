//! The events of a flow: published versions, and rollbacks to an earlier one.

use crate::four_eyes::FourEyes;
use serde::{Deserialize, Serialize};
use values::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum FlowEvent {
    /// A version was published. The event holds the whole definition: a call keeps the version it began with,
    /// and a replay needs no file.
    #[serde(rename = "flow.published")]
    #[open(flow_version, content_hash, definition)]
    Published {
        flow: FlowId,
        /// Version number, starting at 1 and increasing by one.
        flow_version: u32,
        /// SHA-256 of the definition's canonical JSON, in lower-case hex.
        content_hash: String,
        /// Canonical JSON of the definition.
        definition: serde_json::Value,
        /// Approval of this version. After the first version with an approval, every version has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
    /// An earlier version became current again. References to the flow without a version mean this version
    /// from now on; a campaign keeps the version it was created with.
    #[serde(rename = "flow.rolled_back")]
    #[open(from_version, to_version, content_hash, reason)]
    RolledBack {
        flow: FlowId,
        /// The version that was current before.
        from_version: u32,
        to_version: u32,
        /// Content hash of the version that is current again.
        content_hash: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}
