//! The status of a campaign, with its codes and labels.

use serde::{Deserialize, Serialize};

/// The status of a campaign: draft → ready → running ⇄ paused → completed / stopped.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CampaignStatus {
    /// Created, without a closed list.
    Draft,
    /// At least one list is closed; it can be started.
    Ready,
    Running,
    Paused,
    /// Everything is settled; a later list reopens it.
    Completed,
    /// Ended permanently.
    Stopped,
}

impl CampaignStatus {
    pub const ALL: &'static [Self] = &[
        Self::Draft,
        Self::Ready,
        Self::Running,
        Self::Paused,
        Self::Completed,
        Self::Stopped,
    ];

    /// Returns the name in replies and rows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
        }
    }
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Ready => "就绪",
            Self::Running => "执行中",
            Self::Paused => "已暂停",
            Self::Completed => "已完成",
            Self::Stopped => "已终止",
        }
    }
    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Draft => "a draft",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
        }
    }
}
