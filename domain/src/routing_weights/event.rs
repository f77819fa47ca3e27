//! The event of the routing weights. Stored kind and version never change; new ones are added. The envelope
//! names the actor.

use serde::{Deserialize, Serialize};
use values::routing_score::Weights;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingWeightsEvent {
    /// The weights changed. The new ones have the next version and apply from now on.
    #[serde(rename = "routing_weights.changed")]
    #[open(reason)]
    Changed {
        /// The previous weights; those of the requirement if they were never changed.
        before: Weights,
        after: Weights,
        reason: String,
    },
}
