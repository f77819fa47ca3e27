//! Facts about one campaign. Stored kinds and versions; never changed, only added to.

use crate::calling_plan::{CallingPlan, FlowRef};
use crate::compliance::Verdict;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::ids::{CampaignId, ListId};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum CampaignEvent {
    #[serde(rename = "campaign.created")]
    Created {
        campaign: CampaignId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        customer_segment: Option<String>,
        flow: FlowRef,
        #[serde(flatten)]
        plan: CallingPlan,
    },
    /// Draft or ready becomes running.
    #[serde(rename = "campaign.started")]
    Started {},
    #[serde(rename = "campaign.paused")]
    Paused { reason: PauseReason },
    #[serde(rename = "campaign.resumed")]
    Resumed {},
    /// For good: what is not settled stays unsettled.
    #[serde(rename = "campaign.stopped")]
    Stopped { reason: String },
    /// An import began; the campaign does not complete while a list is open.
    #[serde(rename = "campaign.list_opened")]
    ListOpened { list: ListId, source: String },
    /// A list is complete: it made `count` enrolments.
    #[serde(rename = "campaign.list_closed")]
    ListClosed { list: ListId, count: u64 },
    /// A batch of dials may start until `until` (at most 1 s).
    #[serde(rename = "campaign.dials_granted")]
    DialsGranted { count: u32, until: Timestamp },
    /// The calling window is closed for everybody in the campaign, by this verdict: no batch is granted and
    /// nobody is asked before `until`. Once per closing, when somebody was due.
    #[serde(rename = "campaign.window_closed")]
    WindowClosed {
        #[serde(flatten)]
        verdict: Verdict,
        until: Timestamp,
    },
    #[serde(rename = "campaign.alert_raised")]
    AlertRaised { alert: String, detail: String },
    /// Every enrolment of every closed list is settled.
    #[serde(rename = "campaign.completed")]
    Completed { settled: u64 },
    /// A list came after completion.
    #[serde(rename = "campaign.reopened")]
    Reopened { list: ListId },
    /// What the campaign is to reach; replaces the targets before (REP-4).
    #[serde(rename = "campaign.targets_set")]
    TargetsSet {
        targets: Vec<Target>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// A metric that is a ratio, and what it is to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Target {
    /// The metric's name, such as `answer_ratio_per_call`.
    pub metric: String,
    /// The version of its definition that is meant.
    pub version: u32,
    /// 0 to 1,000.
    pub per_mille: u32,
}

/// Why a campaign does not dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// A person asked.
    Requested,
    /// 3 trunk-attributable failures in a row on every trunk.
    TrunkUnreachable,
    /// The store or its disk cannot be written.
    StoreUnavailable,
}

impl EventData for CampaignEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "campaign.created",
            Self::Started {} => "campaign.started",
            Self::Paused { .. } => "campaign.paused",
            Self::Resumed {} => "campaign.resumed",
            Self::Stopped { .. } => "campaign.stopped",
            Self::ListOpened { .. } => "campaign.list_opened",
            Self::ListClosed { .. } => "campaign.list_closed",
            Self::DialsGranted { .. } => "campaign.dials_granted",
            Self::WindowClosed { .. } => "campaign.window_closed",
            Self::AlertRaised { .. } => "campaign.alert_raised",
            Self::Completed { .. } => "campaign.completed",
            Self::Reopened { .. } => "campaign.reopened",
            Self::TargetsSet { .. } => "campaign.targets_set",
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
