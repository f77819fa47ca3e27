//! The event of the routing weights. Stored kind and version never change; new ones are added. The envelope
//! names the actor.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::routing_score::Weights;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingWeightsEvent {
    /// The weights changed. The new ones have the next version and apply from now on.
    #[serde(rename = "routing_weights.changed")]
    Changed {
        /// The previous weights; those of the requirement if they were never changed.
        before: Weights,
        after: Weights,
        reason: String,
    },
}

/// Event kinds as stored, one per variant. They never change.
impl RoutingWeightsEvent {
    pub const CHANGED: &'static str = "routing_weights.changed";
}

impl EventData for RoutingWeightsEvent {
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
