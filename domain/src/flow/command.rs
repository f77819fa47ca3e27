//! Requests to one flow.

use crate::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowCommand {
    /// Publishes a checked definition. The same content as the latest version: answered without an event.
    Publish {
        flow: FlowId,
        definition: serde_json::Value,
    },
}
