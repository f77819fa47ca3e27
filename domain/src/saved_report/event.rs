//! The events of a saved report. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor. Figures are counts over many calls and name no person.

use super::plan::ReportPlan;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::digest::SecretDigest;
use values::ids::{CampaignId, UserId, WebhookId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum SavedReportEvent {
    /// The report was saved with this plan.
    #[serde(rename = "saved_report.saved")]
    Saved {
        #[serde(flatten)]
        plan: Box<ReportPlan>,
        /// The user with the data scope that limits the figures. Absent for the owner of the data directory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
    },
    /// The report was generated. The channels that it names receive this event.
    #[serde(rename = "saved_report.sent")]
    Sent {
        #[serde(flatten)]
        sending: Box<ReportSending>,
    },
    /// The report has a new owner, because the previous one lost the permission. The same user can take it
    /// over again after regaining the permission.
    #[serde(rename = "saved_report.taken_over")]
    #[open(reason)]
    TakenOver {
        /// Absent for the owner of the data directory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// The report was removed.
    #[serde(rename = "saved_report.removed")]
    Removed {},
}

/// What was sent, or why it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[schemars(rename = "ReportSending")]
#[open(title, figures_left_out)]
pub struct ReportSending {
    #[schemars(example = &"周报")]
    pub title: String,
    /// The due time of the schedule. Absent if a user requested the sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Start of the reported days.
    pub from: Timestamp,
    /// End of the reported days, exclusive.
    pub to: Timestamp,
    /// Log position up to which events were read for it.
    pub position: Position,
    /// SHA-256 of the figures as JSON.
    #[schemars(example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub digest: SecretDigest,
    /// The figures; empty if nothing was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<SentFigure>,
    /// Number of figures beyond the limit of one report.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub figures_left_out: u32,
    /// The channels that it is sent to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub channels: BTreeSet<WebhookId>,
    /// The reason why nothing was sent. Absent if it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SendingFault>,
}

/// Tells serde to omit the member when the count is zero.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_none_left_out(count: &u32) -> bool {
    *count == 0
}

/// One figure as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(
    metric,
    version,
    label_zh,
    label_en,
    value,
    numerator_count,
    denominator_count
)]
pub struct SentFigure {
    #[schemars(example = &"answer_ratio_per_call")]
    pub metric: String,
    pub version: u32,
    #[schemars(example = &"接通率")]
    pub label_zh: String,
    #[schemars(example = &"answer ratio")]
    pub label_en: String,
    /// Absent for a figure over all campaigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The value with its unit, formatted for readers. Absent if there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"42.1 %")]
    pub value: Option<String>,
    pub numerator_count: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator_count: Option<i64>,
}

/// Why nothing was sent for a due time. New faults are added at the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum SendingFault {
    /// The owner is not active, or may no longer see these figures or use these channels.
    Owner,
    /// A metric of the report does not exist.
    Metric,
    /// None of its channels exists or may receive data of these campaigns.
    Channels,
}

impl SendingFault {
    /// Returns the code that is stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Metric => "metric",
            Self::Channels => "channels",
        }
    }
}

impl SavedReportEvent {
    /// Returns the sending of this event; `None` for other events.
    pub const fn sending(&self) -> Option<&ReportSending> {
        match self {
            Self::Sent { sending } => Some(sending),
            Self::Saved { .. } | Self::TakenOver { .. } | Self::Removed {} => None,
        }
    }
}
