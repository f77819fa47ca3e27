//! Requests to one flow: publication of a definition, which is checked first and may be refused, and the way
//! back to an earlier version.

use crate::four_eyes::FourEyes;
use values::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowCommand {
    /// Publishes a checked definition. The same content as the current version: answered without an event.
    /// Refused where the flow's versions are approved by another person.
    Publish {
        flow: FlowId,
        definition: serde_json::Value,
    },
    /// The same, with who stands behind it. From then on the flow takes no version without.
    PublishBehind {
        flow: FlowId,
        definition: serde_json::Value,
        four_eyes: Box<FourEyes>,
    },
    /// Makes an earlier version current again; without one named, the one before the current.
    RollBack {
        flow: FlowId,
        to: Option<u32>,
        reason: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
}

impl FlowCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Publish { .. } | Self::PublishBehind { .. } => "flow.publish",
            Self::RollBack { .. } => "flow.roll_back",
        }
    }
}
