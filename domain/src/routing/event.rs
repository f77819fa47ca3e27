//! The event of a call's routing. Stored kind and version never change; new ones are added. It does not have
//! the callee's industry and region, only whether they match.

use serde::{Deserialize, Serialize};
use values::ids::{CampaignId, CustomerId};
use values::routing_score::{Breakdown, Weights};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingEvent {
    /// The candidates were scored. The event has the parts of each total and the candidate with the highest
    /// one; of equal ones the first.
    #[serde(rename = "routing.scored")]
    #[open(candidates, chosen)]
    Scored {
        campaign: CampaignId,
        customer: CustomerId,
        /// The weights in force, with their version.
        weights: Weights,
        /// The candidates in the order of the request.
        candidates: Vec<Breakdown>,
        chosen: String,
    },
}
