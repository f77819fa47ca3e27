//! Requests to one flow: publication of a definition, which is checked first and may be refused.

use crate::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowCommand {
    /// Publishes a checked definition. The same content as the latest version: answered without an event.
    Publish {
        flow: FlowId,
        definition: serde_json::Value,
    },
}

impl FlowCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "flow.publish",
        }
    }
}
