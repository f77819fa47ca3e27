//! The events of an alert. Stored kinds and versions never change; new ones are added.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum AlertEvent {
    /// The monitored figure went beyond its limit.
    #[serde(rename = "alert.raised")]
    #[open(subject, detail)]
    Raised {
        rule: AlertRule,
        /// The monitored object: a campaign, a trunk, a view, or `log`.
        subject: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        campaign: Option<CampaignId>,
        severity: Severity,
        figure: AlertFigure,
        detail: String,
        /// End of the mute that was active, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted_until: Option<Timestamp>,
    },
    /// The figure is within its limit again.
    #[serde(rename = "alert.cleared")]
    #[open(stood_ms)]
    Cleared { figure: AlertFigure, stood_ms: u64 },
    /// A user acknowledged the alert.
    #[serde(rename = "alert.acknowledged")]
    #[open(by, note)]
    Acknowledged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        note: String,
    },
    /// The alert was not acknowledged in time.
    #[serde(rename = "alert.escalated")]
    #[open(stood_ms)]
    Escalated { stood_ms: u64 },
    /// Notifications of the alert are suppressed until a time.
    #[serde(rename = "alert.muted")]
    #[open(by, reason)]
    Muted {
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        reason: String,
    },
}

/// The monitored conditions (REP-6). New rules are added at the end.
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
pub enum AlertRule {
    /// Calls answered ÷ calls dialed of a campaign in the last minutes are below the limit.
    AnswerRatioLow,
    /// A trunk failed several times in a row.
    LineFailures,
    /// Calls abandoned ÷ calls answered by a person of a campaign are close to the legal limit.
    AbandonBudget,
    /// A view stopped before an event that it cannot apply.
    ViewParked,
    /// The views are behind the log by too many events.
    ViewsLate,
    /// The watchdog ended calls that a crash or fault had left open.
    CallsLeftOver,
    /// The log cannot be read at a position.
    LogDamaged,
    /// The log lacks events that were known before, and a user has not confirmed yet that dialing may resume.
    HistoryLost,
    /// This machine's clock differs too much from its reference.
    ClockOff,
    /// A sensitive word of a campaign was said in a call.
    SensitiveWord,
    AngryCallers,
    /// A speech engine failed in too many of its last calls.
    EngineFailing,
    /// The licence of a caller number in use ends within days.
    CallerNumberExpires,
    /// The licence of a caller number has ended. Calls no longer show the number.
    CallerNumberExpired,
    /// Keypresses cannot be received in answered calls of a trunk, so callees cannot opt out by key.
    NoKeyPath,
    /// A speech engine does not respond. Campaigns that need it start no calls.
    EngineDown,
    /// A webhook or channel is disabled: its receiver is gone, or its owner lost the permission.
    WebhookDisabled,
    /// A saved report is not sent: its owner lost the permission.
    SavedReportOwner,
}

impl AlertRule {
    /// Every rule, in display order.
    pub const ALL: [Self; 18] = [
        Self::AnswerRatioLow,
        Self::LineFailures,
        Self::AbandonBudget,
        Self::ViewParked,
        Self::ViewsLate,
        Self::CallsLeftOver,
        Self::LogDamaged,
        Self::HistoryLost,
        Self::ClockOff,
        Self::SensitiveWord,
        Self::AngryCallers,
        Self::EngineFailing,
        Self::CallerNumberExpires,
        Self::CallerNumberExpired,
        Self::NoKeyPath,
        Self::EngineDown,
        Self::WebhookDisabled,
        Self::SavedReportOwner,
    ];

    /// Returns the code that is stored and used in requests.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AnswerRatioLow => "answer_ratio_low",
            Self::LineFailures => "line_failures",
            Self::AbandonBudget => "abandon_budget",
            Self::ViewParked => "view_parked",
            Self::ViewsLate => "views_late",
            Self::CallsLeftOver => "calls_left_over",
            Self::LogDamaged => "log_damaged",
            Self::HistoryLost => "history_lost",
            Self::ClockOff => "clock_off",
            Self::SensitiveWord => "sensitive_word",
            Self::AngryCallers => "angry_callers",
            Self::EngineFailing => "engine_failing",
            Self::CallerNumberExpires => "caller_number_expires",
            Self::CallerNumberExpired => "caller_number_expired",
            Self::NoKeyPath => "no_key_path",
            Self::EngineDown => "engine_down",
            Self::WebhookDisabled => "webhook_disabled",
            Self::SavedReportOwner => "saved_report_owner",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::AnswerRatioLow => "接通率（按呼叫）过低",
            Self::LineFailures => "线路连续失败",
            Self::AbandonBudget => "呼损率接近上限",
            Self::ViewParked => "读模型停在无法处理的事件前",
            Self::ViewsLate => "读模型落后于事件日志",
            Self::CallsLeftOver => "有呼叫由看护程序收尾",
            Self::LogDamaged => "事件日志损坏",
            Self::HistoryLost => "事件日志缺少已知的事件",
            Self::ClockOff => "本机时钟偏差过大",
            Self::SensitiveWord => "通话中出现敏感词",
            Self::AngryCallers => "通话中客户情绪愤怒",
            Self::EngineFailing => "语音引擎连续出错",
            Self::CallerNumberExpires => "主叫号码资质即将到期",
            Self::CallerNumberExpired => "主叫号码资质已到期",
            Self::NoKeyPath => "中继无法接收按键",
            Self::EngineDown => "语音引擎不可用",
            Self::WebhookDisabled => "事件推送或告警通道已停用",
            Self::SavedReportOwner => "已存报表的所有者失去权限",
        }
    }

    pub const fn label_en(self) -> &'static str {
        match self {
            Self::AnswerRatioLow => "answer rate (per call) too low",
            Self::LineFailures => "line failed several times in a row",
            Self::AbandonBudget => "abandon rate near its limit",
            Self::ViewParked => "a view stays before an event it cannot take",
            Self::ViewsLate => "views are behind the log",
            Self::CallsLeftOver => "the watchdog ended calls",
            Self::LogDamaged => "the event log is damaged",
            Self::HistoryLost => "the event log lacks known events",
            Self::ClockOff => "this machine's clock is off",
            Self::SensitiveWord => "a sensitive word was said in a call",
            Self::AngryCallers => "a callee sounded angry in a call",
            Self::EngineFailing => "a speech engine fails in calls",
            Self::CallerNumberExpires => "the licence of a caller number ends soon",
            Self::CallerNumberExpired => "the licence of a caller number has ended",
            Self::NoKeyPath => "keys cannot arrive on a trunk",
            Self::EngineDown => "a speech engine is down",
            Self::WebhookDisabled => "a webhook or channel is disabled",
            Self::SavedReportOwner => "the owner of a saved report lost the right",
        }
    }
}

impl std::str::FromStr for AlertRule {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|rule| rule.code() == code)
            .ok_or("there is no such alert rule")
    }
}

/// How urgent an alert is.
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
pub enum Severity {
    /// Handle it today.
    Warning,
    /// Handle it now.
    Critical,
}

/// The measured figure and its limit, as whole numbers in `unit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(value, limit, unit, window_ms)]
pub struct AlertFigure {
    pub value: i64,
    pub limit: i64,
    /// `per_mille`, `count`, `events` or `ms`.
    pub unit: String,
    /// Length of the measuring period in milliseconds; 0 for a momentary value.
    #[serde(default)]
    pub window_ms: u64,
}
