//! Facts about one alert. Stored kinds and versions; never changed, only added to.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum AlertEvent {
    /// A watched figure went beyond its limit.
    #[serde(rename = "alert.raised")]
    Raised {
        rule: AlertRule,
        /// What it is about: a campaign, a trunk, a view, `log`.
        subject: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        campaign: Option<CampaignId>,
        severity: Severity,
        figure: AlertFigure,
        detail: String,
        /// Set while nobody is to be told of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted_until: Option<Timestamp>,
    },
    /// It is within its limit again.
    #[serde(rename = "alert.cleared")]
    Cleared { figure: AlertFigure, stood_ms: u64 },
    /// A person sees to it.
    #[serde(rename = "alert.acknowledged")]
    Acknowledged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        note: String,
    },
    /// It stood too long with nobody seeing to it.
    #[serde(rename = "alert.escalated")]
    Escalated { stood_ms: u64 },
    /// Nobody is to be told of it until then.
    #[serde(rename = "alert.muted")]
    Muted {
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        reason: String,
    },
}

/// What is watched (REP-6). Further rules are added at the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AlertRule {
    /// Calls answered ÷ calls dialed of a campaign in the last minutes fell below its limit.
    AnswerRatioLow,
    /// Failures of a trunk in a row.
    LineFailures,
    /// Calls abandoned ÷ calls answered by a person of a campaign came near what the law allows.
    AbandonBudget,
    /// A view stays before an event that it cannot take.
    ViewParked,
    /// The views are behind the log.
    ViewsLate,
    /// The watchdog had to end calls that a crash or a fault left open.
    CallsLeftOver,
    /// The log cannot be read at a position.
    LogDamaged,
    /// The log lacks events that were known, and a person has yet to confirm that dialing may go on.
    HistoryLost,
    /// This machine's clock is away from the time it is compared with.
    ClockOff,
    /// A word of a campaign's lists was said in a call.
    SensitiveWord,
    AngryCallers,
    /// An engine of speech failed in too many of its last calls.
    EngineFailing,
    /// The licence of a number that calls show ends within days.
    CallerNumberExpires,
    /// It has ended: no call shows the number any more.
    CallerNumberExpired,
    /// Keys cannot arrive in answered calls of a trunk: callees cannot opt out by key.
    NoKeyPath,
    /// A speech engine does not answer: campaigns that need it start no calls.
    EngineDown,
    /// A webhook or channel delivers nothing: its receiver is gone, or its owner lost the right.
    WebhookDisabled,
    /// A saved report is not sent: its owner lost the right.
    SavedReportOwner,
}

impl AlertRule {
    /// Every rule, in the order in which they are shown.
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

    /// As stored and as asked for.
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

/// How urgent it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look at it today.
    Warning,
    /// Look at it now.
    Critical,
}

/// The figure that was looked at, with its limit; whole numbers, the unit says of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AlertFigure {
    pub value: i64,
    pub limit: i64,
    /// `per_mille`, `count`, `events`, `ms`.
    pub unit: String,
    /// Over how long it was taken; 0 for the moment itself.
    #[serde(default)]
    pub window_ms: u64,
}

/// Stored kinds, each named for its variant. They never change.
impl AlertEvent {
    pub const RAISED: &'static str = "alert.raised";
    pub const CLEARED: &'static str = "alert.cleared";
    pub const ACKNOWLEDGED: &'static str = "alert.acknowledged";
    pub const ESCALATED: &'static str = "alert.escalated";
    pub const MUTED: &'static str = "alert.muted";
}

impl EventData for AlertEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Raised { .. } => Self::RAISED,
            Self::Cleared { .. } => Self::CLEARED,
            Self::Acknowledged { .. } => Self::ACKNOWLEDGED,
            Self::Escalated { .. } => Self::ESCALATED,
            Self::Muted { .. } => Self::MUTED,
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
