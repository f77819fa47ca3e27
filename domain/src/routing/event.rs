//! The fact about who should take a call. Stored kind and version; never changed, only added to. What is
//! known of the callee is not in it: whether their industry and region fit is.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CampaignId, CustomerId};
use values::routing_score::{Breakdown, Weights};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RoutingEvent {
    /// These stood for the call, with the parts of each total, and the highest of them, of equals the first.
    #[serde(rename = "routing.scored")]
    Scored {
        campaign: CampaignId,
        customer: CustomerId,
        /// Those in force then, by their version.
        weights: Weights,
        /// In the order in which they were named.
        candidates: Vec<Breakdown>,
        chosen: String,
    },
}

/// Stored kinds, each named for its variant. They never change.
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
