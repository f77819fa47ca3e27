//! What a campaign fixes about calling: windows, retry policy, preset and basis; values shared by
//! campaign, customer, number and the compliance rules.

use crate::disposition::Disposition;
use crate::ids::{CampaignId, FlowId};
use crate::time::{TimeOfDay, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A named set of compliance rules (`docs/compliance.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    #[default]
    CnService,
    CnMarketing,
    CnCollection,
    CnCloudTrunk,
    UsTsr,
    UsRegf,
    EuGdpr,
}

/// Why the institution may call these people at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    #[default]
    Contract,
    Consent,
}

/// Local hours of the callee in which a dial may start: `start` inclusive, `end` exclusive, rests cut out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallingWindow {
    pub start: TimeOfDay,
    pub end: TimeOfDay,
    /// 休息时间, such as 12:00–14:00; pairs of start (inclusive) and end (exclusive).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<(TimeOfDay, TimeOfDay)>,
}

/// What happens after one disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryRule {
    /// Wait before the first, second … retry; the last one repeats.
    pub waits_ms: Vec<u64>,
    /// Most retries after the first call for this disposition; the policy's total bounds all.
    pub retries_max: u32,
}

/// How many attempts an enrolment may have, and how long to wait after each disposition. A disposition
/// without a rule is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Charged retries after the first call, over all dispositions (3 retries = 4 calls).
    pub retries_max: u32,
    /// Uncharged dials an enrolment may have (`docs/call_progress.md`: 3).
    pub uncharged_max: u32,
    pub rules: BTreeMap<Disposition, RetryRule>,
}

/// Which flow a campaign's calls run; the hash is of the published content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRef {
    pub flow: FlowId,
    pub version: u32,
    pub content_hash: String,
}

/// A campaign's plan, fixed at creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallingPlan {
    pub preset: Preset,
    pub basis: Basis,
    /// What the calls are for; consent is checked for this scope.
    pub purpose: String,
    pub window: CallingWindow,
    pub max_concurrent: u32,
    pub retry_policy: RetryPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring_timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// The built-in campaign of `trunk call` on a loopback trunk: the preset's hours do not bind a rehearsal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
}

/// The campaign's facts that travel in a grant's command: the campaign's own stream is not read by the
/// customer or the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignFacts {
    pub campaign: CampaignId,
    /// Stream version of the campaign when the facts were taken.
    pub version: u64,
    /// Running, with a granted batch still valid.
    pub running: bool,
    pub flow: FlowRef,
    pub plan: CallingPlan,
}
