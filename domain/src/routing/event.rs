//! The event of a call's routing. Stored kind and version never change; new ones are added. It does not have
//! the callee's industry and region, only whether they match.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CampaignId, CustomerId};
use values::routing_score::{Breakdown, Weights};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingEvent {
    /// The candidates were scored. The event has the parts of each total and the candidate with the highest
    /// one; of equal ones the first.
    #[serde(rename = "routing.scored")]
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

/// Event kinds as stored, one per variant. They never change.
impl RoutingEvent {
    pub const SCORED: &'static str = "routing.scored";
}

impl EventData for RoutingEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Scored { .. } => Self::SCORED,
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
