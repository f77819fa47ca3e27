//! The events of a sample of calls. Stored kinds and versions never change; new ones are added.

use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum SampleEvent {
    #[serde(rename = "sample.drawn")]
    Drawn {
        #[serde(flatten)]
        drawn: Box<DrawnSample>,
    },
    #[serde(rename = "sample.finding_recorded")]
    FindingRecorded {
        call: CallId,
        #[serde(flatten)]
        finding: Finding,
    },
    /// The sample was closed; every call has a finding.
    #[serde(rename = "sample.signed_off")]
    #[open(by, remark)]
    SignedOff {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<String>,
    },
}

/// A draw: its parameters and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(population_sha256, population)]
pub struct DrawnSample {
    #[serde(flatten)]
    pub facts: DrawFacts,
    /// SHA-256, in lower-case hex, of the population's call ids in the order of their `call.ended` events,
    /// one per line.
    pub population_sha256: String,
    pub population: u64,
    /// The strata by code. A draw without strata has one with an empty code.
    pub strata: Vec<Stratum>,
    /// The drawn calls, ordered by rank.
    pub calls: Vec<CallId>,
}

/// The parameters that determine a draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(seed, size, log_size, log_root)]
pub struct DrawFacts {
    /// The seed. A call's rank is SHA-256(seed, call id), both as text, concatenated.
    pub seed: String,
    /// Number of calls to draw. A smaller population gives fewer.
    pub size: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratify: Option<StratificationKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Only calls that ended at or after this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only calls that ended before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Log position up to which the population is taken.
    pub position: Position,
    /// Number of events up to that position, and the Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub log_size: u64,
    pub log_root: String,
}

/// The criterion by which the population is divided before the draw.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum StratificationKey {
    Disposition,
    Campaign,
    /// The trunk of the first leg.
    Trunk,
    FlowVersion,
}

/// One stratum of the population, with the number of calls drawn from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(code, population, drawn)]
pub struct Stratum {
    pub code: String,
    pub population: u64,
    pub drawn: u32,
}

/// A reviewer's finding for one call, by the standard checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(remark, by)]
pub struct Finding {
    #[schemars(extend("examples" = [{ "notice_played": "yes" }]))]
    pub answers: BTreeMap<String, Answer>,
    /// The remark must not name a person; it is stored forever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    pub by: String,
}

/// The answer to one item.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    NotApplicable,
}
