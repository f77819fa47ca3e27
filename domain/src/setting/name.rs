//! The closed list of settings, each with its default, its bounds and their sources.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A setting of a running installation. The name ends with its unit.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
pub enum SettingName {
    /// Lowest answer rate (answered of settled calls) in thousandths. Below it an alert is raised.
    #[serde(rename = "alerts.answer_per_mille_min")]
    AnswerPerMilleMin,
    /// Fewest settled calls for which the answer rate is evaluated.
    #[serde(rename = "alerts.settled_calls_min")]
    SettledCallsMin,
    /// Failures of a trunk in a row at which an alert is raised.
    #[serde(rename = "alerts.line_failures_max")]
    LineFailuresMax,
    /// Most events that the slowest view may be behind the log.
    #[serde(rename = "alerts.views_behind_events_max")]
    ViewsBehindEventsMax,
    /// Abandoned calls per thousand calls answered by a person at which an alert is raised.
    #[serde(rename = "alerts.abandoned_per_mille_max")]
    AbandonedPerMilleMax,
    /// Fewest calls answered by a person for which the abandon rate is evaluated.
    #[serde(rename = "alerts.person_answered_calls_min")]
    PersonAnsweredCallsMin,
    /// Hours in which an approval can be decided and used.
    #[serde(rename = "approvals.valid_hours")]
    ApprovalsValidHours,
    /// Longest session, in hours.
    #[serde(rename = "sessions.hours_max")]
    SessionHoursMax,
    /// Longest idle time of a session, in minutes.
    #[serde(rename = "sessions.idle_minutes_max")]
    SessionIdleMinutesMax,
    /// Requests per second of one user or key (refill rate of the limiter).
    #[serde(rename = "requests.per_second")]
    RequestsPerSecond,
    /// Most requests of one user or key in a burst.
    #[serde(rename = "requests.at_once_max")]
    RequestsAtOnceMax,
    /// Heavy requests (exports, SQL, searches, inspections) per minute of one user or key.
    #[serde(rename = "requests.heavy_per_minute")]
    HeavyRequestsPerMinute,
    /// Requests per minute of one user or key to the engines of calls.
    #[serde(rename = "engines.requests_per_minute")]
    EngineRequestsPerMinute,
    /// Most concurrent requests of one user or key to these engines.
    #[serde(rename = "engines.at_once_max")]
    EngineRequestsAtOnceMax,
    /// Number of users who label a turn of a conversation.
    #[serde(rename = "labels.people")]
    LabelsPeople,
    /// Turns voiceprints on (1) or off (0).
    #[serde(rename = "voiceprints.on")]
    VoiceprintsOn,
    /// Price of a billed line minute in fen, used if a query names none; 0: not priced.
    #[serde(rename = "costs.line_minute_fen")]
    CostLine,
    /// Previous price of a line minute in fen, for comparison; 0: no comparison.
    #[serde(rename = "costs.line_minute_fen_before")]
    CostLineBefore,
    /// Yearly cost of an agent in fen if only people call.
    #[serde(rename = "costs.agent_year_fen")]
    CostAgentYear,
    /// Working days of that agent per year.
    #[serde(rename = "costs.work_days_per_year")]
    CostWorkDays,
    /// Fewest effective calls of that agent per day.
    #[serde(rename = "costs.calls_per_agent_day_min")]
    CostAgentCallsMin,
    /// Most effective calls of that agent per day.
    #[serde(rename = "costs.calls_per_agent_day_max")]
    CostAgentCallsMax,
    /// Price of an agent's minute in a call, in fen; 0: not priced. The same holds for the engine prices
    /// below.
    #[serde(rename = "costs.agent_minute_fen")]
    CostAgentMinute,
    /// Price of an hour of recognized speech, in fen.
    #[serde(rename = "costs.recognition_hour_fen")]
    CostRecognition,
    /// Price of ten thousand synthesized characters, in fen.
    #[serde(rename = "costs.synthesis_ten_thousand_chars_fen")]
    CostSynthesis,
    /// Price of a thousand assistant requests, in fen.
    #[serde(rename = "costs.assistant_thousand_requests_fen")]
    CostAssistant,
    /// Price of a million assistant tokens (input and output), in fen.
    #[serde(rename = "costs.assistant_million_tokens_fen")]
    CostTokens,
    /// Country calling code of numbers that are written without one, outside the lists of a campaign; 0: by
    /// the presets of the campaigns.
    #[serde(rename = "numbers.default_calling_code")]
    DefaultCallingCode,
}

impl SettingName {
    /// Every setting, in display order.
    pub const ALL: [Self; 28] = [
        Self::AnswerPerMilleMin,
        Self::SettledCallsMin,
        Self::LineFailuresMax,
        Self::ViewsBehindEventsMax,
        Self::AbandonedPerMilleMax,
        Self::PersonAnsweredCallsMin,
        Self::ApprovalsValidHours,
        Self::SessionHoursMax,
        Self::SessionIdleMinutesMax,
        Self::RequestsPerSecond,
        Self::RequestsAtOnceMax,
        Self::HeavyRequestsPerMinute,
        Self::EngineRequestsPerMinute,
        Self::EngineRequestsAtOnceMax,
        Self::LabelsPeople,
        Self::VoiceprintsOn,
        Self::CostLine,
        Self::CostLineBefore,
        Self::CostAgentYear,
        Self::CostWorkDays,
        Self::CostAgentCallsMin,
        Self::CostAgentCallsMax,
        Self::CostAgentMinute,
        Self::CostRecognition,
        Self::CostSynthesis,
        Self::CostAssistant,
        Self::CostTokens,
        Self::DefaultCallingCode,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::AnswerPerMilleMin => "alerts.answer_per_mille_min",
            Self::SettledCallsMin => "alerts.settled_calls_min",
            Self::LineFailuresMax => "alerts.line_failures_max",
            Self::ViewsBehindEventsMax => "alerts.views_behind_events_max",
            Self::AbandonedPerMilleMax => "alerts.abandoned_per_mille_max",
            Self::PersonAnsweredCallsMin => "alerts.person_answered_calls_min",
            Self::ApprovalsValidHours => "approvals.valid_hours",
            Self::SessionHoursMax => "sessions.hours_max",
            Self::SessionIdleMinutesMax => "sessions.idle_minutes_max",
            Self::RequestsPerSecond => "requests.per_second",
            Self::RequestsAtOnceMax => "requests.at_once_max",
            Self::HeavyRequestsPerMinute => "requests.heavy_per_minute",
            Self::EngineRequestsPerMinute => "engines.requests_per_minute",
            Self::EngineRequestsAtOnceMax => "engines.at_once_max",
            Self::LabelsPeople => "labels.people",
            Self::VoiceprintsOn => "voiceprints.on",
            Self::CostLine => "costs.line_minute_fen",
            Self::CostLineBefore => "costs.line_minute_fen_before",
            Self::CostAgentYear => "costs.agent_year_fen",
            Self::CostWorkDays => "costs.work_days_per_year",
            Self::CostAgentCallsMin => "costs.calls_per_agent_day_min",
            Self::CostAgentCallsMax => "costs.calls_per_agent_day_max",
            Self::CostAgentMinute => "costs.agent_minute_fen",
            Self::CostRecognition => "costs.recognition_hour_fen",
            Self::CostSynthesis => "costs.synthesis_ten_thousand_chars_fen",
            Self::CostAssistant => "costs.assistant_thousand_requests_fen",
            Self::CostTokens => "costs.assistant_million_tokens_fen",
            Self::DefaultCallingCode => "numbers.default_calling_code",
        }
    }

    /// Returns the labels of the setting: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::AnswerPerMilleMin => (
                "接通率下限（千分比）",
                "answer rate that raises an alert, per mille",
            ),
            Self::SettledCallsMin => ("接通率告警的最少通话数", "settled calls for that alert"),
            Self::LineFailuresMax => ("中继连续失败上限", "failures of a trunk in a row"),
            Self::ViewsBehindEventsMax => ("读模型落后上限（事件）", "events the views may be behind"),
            Self::AbandonedPerMilleMax => ("呼损上限（千分比）", "abandoned calls, per mille"),
            Self::PersonAnsweredCallsMin => ("呼损告警的最少接听数", "answered calls for that alert"),
            Self::ApprovalsValidHours => ("审批有效时长（小时）", "hours an approval is valid"),
            Self::SessionHoursMax => ("会话最长时长（小时）", "longest session, in hours"),
            Self::SessionIdleMinutesMax => ("会话空闲上限（分钟）", "longest rest of a session, in minutes"),
            Self::RequestsPerSecond => ("每用户或密钥每秒请求数", "requests of a user or key a second"),
            Self::RequestsAtOnceMax => ("每用户或密钥突发请求上限", "requests of a user or key at once"),
            Self::HeavyRequestsPerMinute => (
                "每用户或密钥每分钟重型查询数",
                "heavy questions of a user or key a minute",
            ),
            Self::EngineRequestsPerMinute => (
                "每用户或密钥每分钟引擎请求数",
                "requests of a user or key to engines a minute",
            ),
            Self::EngineRequestsAtOnceMax => (
                "每用户或密钥同时引擎请求上限",
                "requests of a user or key to engines at once",
            ),
            Self::LabelsPeople => ("每条轮次的标注人数", "people who are asked of a turn"),
            Self::VoiceprintsOn => (
                "声纹登记与比对（0 关闭，1 开启）",
                "voiceprints are made and compared (0 off, 1 on)",
            ),
            Self::CostLine => ("线路每分钟费用（分）", "a billed minute on the line, in fen"),
            Self::CostLineBefore => (
                "以前的线路每分钟费用（分）",
                "a minute on the line before, in fen",
            ),
            Self::CostAgentYear => ("每坐席年成本（分）", "an agent a year, in fen"),
            Self::CostWorkDays => ("每坐席年工作日", "working days of an agent a year"),
            Self::CostAgentCallsMin => ("每坐席日有效通话下限", "calls of an agent a day, at least"),
            Self::CostAgentCallsMax => ("每坐席日有效通话上限", "calls of an agent a day, at most"),
            Self::CostAgentMinute => ("坐席通话每分钟费用（分）", "an agent's minute in a call, in fen"),
            Self::CostRecognition => ("语音识别每小时费用（分）", "an hour of recognized speech, in fen"),
            Self::CostSynthesis => (
                "语音合成每万字费用（分）",
                "10,000 characters that are said, in fen",
            ),
            Self::CostAssistant => (
                "大模型每千次请求费用（分）",
                "1,000 questions to an assistant, in fen",
            ),
            Self::CostTokens => ("大模型每百万词元费用（分）", "1,000,000 of its tokens, in fen"),
            Self::DefaultCallingCode => (
                "未写国家代码的号码的默认国家代码（0：按任务的规则预设）",
                "calling code of numbers written without one (0: by the presets in use)",
            ),
        }
    }

    /// Returns the value of the setting until it is changed. For limits of alerts and sessions it equals
    /// the default of the aggregate concerned; a test compares both.
    pub const fn default_value(self) -> u64 {
        match self {
            Self::AnswerPerMilleMin => 300,
            Self::SettledCallsMin => 20,
            Self::LineFailuresMax => 3,
            Self::ViewsBehindEventsMax => 10_000,
            // Four fifths of the legal limit.
            Self::AbandonedPerMilleMax => 24,
            Self::PersonAnsweredCallsMin => 50,
            // Covers a weekend: a request on Friday can be approved on Monday.
            Self::ApprovalsValidHours => 72,
            Self::SessionHoursMax => 12,
            // OWASP ASVS 5, V7.3.
            Self::SessionIdleMinutesMax => 15,
            Self::RequestsPerSecond => 200,
            // The refill of ten seconds.
            Self::RequestsAtOnceMax => 2_000,
            // Ten per second: enough for programs that request one report after another, too few for a loop.
            Self::HeavyRequestsPerMinute => 600,
            // Ten per second: a chat of a few hundred people.
            Self::EngineRequestsPerMinute => 600,
            Self::EngineRequestsAtOnceMax => 4,
            Self::LabelsPeople => 1,
            // AI-6: off until the installation's owner turns it on.
            Self::VoiceprintsOn => 0,
            // A service without a price costs nothing, and reports say that it is not priced.
            Self::CostLine
            | Self::CostLineBefore
            | Self::CostAgentMinute
            | Self::CostRecognition
            | Self::CostSynthesis
            | Self::CostAssistant
            | Self::CostTokens
            | Self::DefaultCallingCode => 0,
            // DEP-8: ¥80,000 per agent and year, 150–200 effective calls per agent-day.
            Self::CostAgentYear => 8_000_000,
            Self::CostWorkDays => 250,
            Self::CostAgentCallsMin => 150,
            Self::CostAgentCallsMax => 200,
        }
    }

    /// Returns the smallest and the largest permitted value of the setting. Legal protection cannot be
    /// switched off: abandonment raises an alert at the legal limit at the latest (16 CFR 310.4(b)(4)(i)),
    /// and a session lasts at most one day.
    pub const fn bounds(self) -> (u64, u64) {
        match self {
            Self::AnswerPerMilleMin => (0, 1_000),
            Self::SettledCallsMin | Self::PersonAnsweredCallsMin => (1, 1_000_000),
            Self::LineFailuresMax => (1, 1_000),
            Self::ViewsBehindEventsMax => (1, 100_000_000),
            Self::AbandonedPerMilleMax => (1, 30),
            Self::ApprovalsValidHours => (1, 720),
            Self::SessionHoursMax => (1, 24),
            Self::SessionIdleMinutesMax => (1, 60),
            // With fewer requests, no user could open a page to raise the value again.
            Self::RequestsPerSecond => (20, 100_000),
            Self::RequestsAtOnceMax => (100, 1_000_000),
            // One page of the console sends several at once.
            Self::HeavyRequestsPerMinute => (10, 100_000),
            // At least one per second, so that a client can retry after a second.
            Self::EngineRequestsPerMinute => (60, 1_000_000),
            Self::EngineRequestsAtOnceMax => (1, 64),
            // If two users differ, a third one decides.
            Self::LabelsPeople => (1, 2),
            Self::VoiceprintsOn => (0, 1),
            // Generous upper bounds for prices. Divisors are at least one.
            Self::CostLine | Self::CostLineBefore | Self::CostAgentMinute => (0, 100_000),
            Self::CostAgentYear => (1, 1_000_000_000),
            Self::CostWorkDays => (1, 366),
            Self::CostAgentCallsMin | Self::CostAgentCallsMax => (1, 2_880),
            Self::CostRecognition | Self::CostSynthesis => (0, 1_000_000),
            Self::CostAssistant | Self::CostTokens => (0, 10_000_000),
            // A calling code has one to three digits (ITU-T E.164, 6.2.1).
            Self::DefaultCallingCode => (0, 999),
        }
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for SettingName {
    type Err = &'static str;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|name| name.code() == code)
            .ok_or("is not a setting: `ledgerline settings list` shows them")
    }
}
