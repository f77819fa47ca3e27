//! Compliance: rules as data and one decision function; the strictest wins, unknown means no.

mod permit;

pub use permit::{
    CallGrants, CustomerGrant, DialPermit, GRANT_VALID_MS, LEGS_MAX, NEXT_LEG_WITHIN_MS, NumberGrant,
    PermitRefusal, permit, permit_next_leg,
};

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one rule said of one dial, with the facts it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule's id, such as `calling_window`.
    pub rule: String,
    pub version: u32,
    /// Date from which this version holds, `YYYY-MM-DD`.
    pub effective_from: String,
    pub decision: Decision,
    /// Facts by name, never personal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

impl Verdict {
    pub const fn allows(&self) -> bool {
        matches!(self.decision, Decision::Allow)
    }
}

/// Allow, not before a time, or never for this enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allow,
    DeferUntil(Timestamp),
    Forbid,
}
