//! Facts about one sample of calls. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SampleEvent {
    #[serde(rename = "sample.drawn")]
    Drawn {
        #[serde(flatten)]
        drawn: Box<Drawn>,
    },
    #[serde(rename = "sample.finding_recorded")]
    FindingRecorded {
        call: CallId,
        #[serde(flatten)]
        finding: Finding,
    },
    /// The sample is closed: every call has a finding.
    #[serde(rename = "sample.signed_off")]
    SignedOff {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remark: Option<String>,
    },
}

/// A draw and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Drawn {
    #[serde(flatten)]
    pub facts: DrawFacts,
    /// SHA-256, lower hex, of the population's call ids in the order of their `call.ended`, a line each.
    pub population_sha256: String,
    pub population: u64,
    /// By code; one without a code when the draw is not stratified.
    pub strata: Vec<Stratum>,
    /// The drawn calls, by their rank.
    pub calls: Vec<CallId>,
}

/// What fixes a draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DrawFacts {
    /// A call's rank is SHA-256(seed, call id), both as text, one behind the other.
    pub seed: String,
    /// Calls asked for; fewer are drawn from a smaller population.
    pub size: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stratify: Option<Stratify>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Only calls that ended from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only calls that ended before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The population is what the log says up to here.
    pub position: Position,
    /// Events up to there, and the Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub log_size: u64,
    pub log_root: String,
}

/// By what the population is divided before it is drawn from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stratify {
    Disposition,
    Campaign,
    /// The first leg's.
    Trunk,
    FlowVersion,
}

/// One part of the population, and how many were drawn from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Stratum {
    pub code: String,
    pub population: u64,
    pub drawn: u32,
}

/// What somebody found in a call, by the standard checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    #[schemars(extend("examples" = [{ "notice_played": "yes" }]))]
    pub answers: BTreeMap<String, Answer>,
    /// Names no person: it is stored for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    pub by: String,
}

/// An answer to an item.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    NotApplicable,
}

/// Stored kinds, each named for its variant. They never change.
impl SampleEvent {
    pub const DRAWN: &'static str = "sample.drawn";
    pub const FINDING_RECORDED: &'static str = "sample.finding_recorded";
    pub const SIGNED_OFF: &'static str = "sample.signed_off";
}

impl EventData for SampleEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Drawn { .. } => Self::DRAWN,
            Self::FindingRecorded { .. } => Self::FINDING_RECORDED,
            Self::SignedOff { .. } => Self::SIGNED_OFF,
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
