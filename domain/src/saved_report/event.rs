//! Facts about one saved report. Stored kinds and versions; never changed, only added to. Who acted stands in
//! the envelope. Figures are counts over many calls and name nobody.

use super::plan::ReportPlan;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::{CampaignId, UserId, WebhookId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum SavedReportEvent {
    /// From here on it is so.
    #[serde(rename = "saved_report.saved")]
    Saved {
        #[serde(flatten)]
        plan: Box<ReportPlan>,
        /// Whose figures it has; left out of the directory's owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
    },
    /// It was made, and the channels that it names are told of this event.
    #[serde(rename = "saved_report.sent")]
    Sent {
        #[serde(flatten)]
        sending: Box<Sending>,
    },
    /// Another user's figures, of the same plan: the owner before lost the right. Also the same user's, who
    /// has the right again.
    #[serde(rename = "saved_report.taken_over")]
    TakenOver {
        /// Left out for the directory's owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// It is none any more.
    #[serde(rename = "saved_report.removed")]
    Removed {},
}

/// What was sent, or why nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ReportSending")]
pub struct Sending {
    #[schemars(example = &"周报")]
    pub title: String,
    /// When its schedule had it sent; left out where somebody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The first instant of its days.
    pub from: Timestamp,
    /// Before which its days end.
    pub to: Timestamp,
    /// Up to where the log was read for it.
    pub position: Position,
    /// SHA-256 of its figures, as JSON.
    #[schemars(example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub digest: SecretDigest,
    /// None where nothing was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<SentFigure>,
    /// Figures that one report has no room for.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub figures_left_out: u32,
    /// Whom it goes to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub channels: BTreeSet<WebhookId>,
    /// Why nothing was sent for this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SendingFault>,
}

/// What is left out where there is nothing to say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_none_left_out(count: &u32) -> bool {
    *count == 0
}

/// One figure as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SentFigure {
    #[schemars(example = &"answer_ratio_per_call")]
    pub metric: String,
    pub version: u32,
    #[schemars(example = &"接通率")]
    pub label_zh: String,
    #[schemars(example = &"answer ratio")]
    pub label_en: String,
    /// Left out where it is over all campaigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// As people read it, with its unit; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"42.1 %")]
    pub value: Option<String>,
    pub numerator_count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator_count: Option<i64>,
}

/// Why nothing was sent for a time. Further faults are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendingFault {
    /// Its owner is not active, or may not see these figures or name these channels any more.
    Owner,
    /// A metric that it names is not there.
    Metric,
    /// None of its channels is there, or may be told of these campaigns.
    Channels,
}

impl SendingFault {
    /// As stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Metric => "metric",
            Self::Channels => "channels",
        }
    }
}

/// Stored kinds, each named for its variant. They never change.
impl SavedReportEvent {
    pub const SAVED: &'static str = "saved_report.saved";
    pub const SENT: &'static str = "saved_report.sent";
    pub const TAKEN_OVER: &'static str = "saved_report.taken_over";
    pub const REMOVED: &'static str = "saved_report.removed";

    /// What it says was sent.
    pub const fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Sent { sending } => Some(sending),
            Self::Saved { .. } | Self::TakenOver { .. } | Self::Removed {} => None,
        }
    }
}

impl EventData for SavedReportEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Saved { .. } => Self::SAVED,
            Self::Sent { .. } => Self::SENT,
            Self::TakenOver { .. } => Self::TAKEN_OVER,
            Self::Removed {} => Self::REMOVED,
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
