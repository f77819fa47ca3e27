//! The events of refused attempts. Stored kinds and versions never change; new ones are added.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum AccessEvent {
    /// Attempts were refused since the previous event.
    #[serde(rename = "access.refused")]
    Refused {
        #[serde(flatten)]
        facts: RefusedFacts,
    },
}

/// The refused attempts of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(count, route, code)]
pub struct RefusedFacts {
    /// Number of attempts. The other members describe the last one.
    pub count: u64,
    /// Time of the first of these attempts.
    pub since: Timestamp,
    /// The route, as the API description names it, or `kurrentdb`.
    pub route: String,
    /// The problem code of the response.
    pub code: String,
}
