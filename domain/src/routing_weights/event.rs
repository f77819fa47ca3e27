//! The fact about the weights of the routing score. Stored kind and version; never changed, only added to.
//! Who changed them stands in the envelope.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::routing_score::Weights;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingWeightsEvent {
    /// From here on candidates are weighed by these, a version above those before.
    #[serde(rename = "routing_weights.changed")]
    Changed {
        /// Those of the requirement where nobody had changed them.
        before: Weights,
        after: Weights,
        reason: String,
    },
}

/// Stored kinds, each named for its variant. They never change.
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
