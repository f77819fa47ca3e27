//! Going live in stages (DEP-7): with how many people a campaign begins, how many calls a day it may place
//! then, and what stands beside each promotion. Values that plans, campaigns and requests share.

use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};

/// People of a campaign under test (DEP-7: 200 records).
pub const TEST_PEOPLE_MAX: u32 = 200;

/// Calls of a pilot in one day of the campaign's own time zone (DEP-7).
pub const PILOT_CALLS_PER_DAY_MAX: u32 = 1_000;

/// Agents of a pilot that agents take over (DEP-7: 3 to 5).
pub const PILOT_AGENTS: (u32, u32) = (3, 5);

/// Shortest pilot that agents take over, in days (DEP-7: 1 to 2 weeks).
pub const PILOT_DAYS_MIN: u32 = 7;

/// Routing of a pilot is right in more than so many of a thousand calls (DEP-7: 85 %).
pub const ROUTING_PER_MILLE_ABOVE: u32 = 850;

/// The knowledge covers more than so many of a thousand common questions (DEP-7: 90 %).
pub const COVERAGE_PER_MILLE_ABOVE: u32 = 900;

/// Longest name of the person on duty: a name within the house, never a customer's.
pub const ON_DUTY_BYTES_MAX: usize = 64;

/// How far a campaign has gone live.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its first 200 people, and nobody else.
    Test,
    /// At most 1,000 calls a day.
    Pilot,
    Full,
}

impl Stage {
    pub const ALL: [Self; 3] = [Self::Test, Self::Pilot, Self::Full];

    /// The stage with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Pilot => "pilot",
            Self::Full => "full",
        }
    }
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Test => "测试",
            Self::Pilot => "试点",
            Self::Full => "全量",
        }
    }
    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Test => "under test",
            Self::Pilot => "a pilot",
            Self::Full => "fully live",
        }
    }
}

/// That a campaign goes live in stages, and what its promotions ask for besides figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StagePlan {
    /// The stage in which it begins.
    pub from: Stage,
    /// Agents take its calls over: a pilot ends with 3 to 5 of them, a week, and ratios above DEP-7's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agent_gates: bool,
}

/// What is laid beside a promotion: figures of the log up to a position, and what only people know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The figures are of the events up to here: whoever doubts them counts again.
    pub position: Position,
    pub calls: u64,
    pub answered: u64,
    /// Answered by a person who got neither a robot nor an agent in time.
    pub abandoned: u64,
    pub complaints: u64,
    #[serde(flatten)]
    pub said: SaidEvidence,
}

/// What a person says who promotes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SaidEvidence {
    /// Who sees to it when it is fully live: a user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"li")]
    pub person_on_duty: Option<String>,
    /// Agents of the pilot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<u32>,
    /// Days that the pilot took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Of a thousand calls, how many went where they belong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_per_mille: Option<u32>,
    /// Of a thousand common questions, how many are answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_per_mille: Option<u32>,
}

/// What is missing beside a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    #[error("no call was answered in this stage of it: there is nothing to judge by")]
    Answers,
    #[error("nobody is named who is on duty when it is fully live (person_on_duty)")]
    PersonOnDuty,
    #[error("a pilot with agents ends with 3 to 5 of them (agents)")]
    Agents,
    #[error("a pilot with agents takes 7 days at least (days)")]
    Days,
    #[error("more than 850 of 1,000 calls must have gone where they belong (routing_per_mille)")]
    Routing,
    #[error("more than 900 of 1,000 common questions must be answered (coverage_per_mille)")]
    Coverage,
}

impl Evidence {
    /// What a promotion to `to` still lacks, the first of it.
    pub fn lacking(&self, to: Stage, plan: StagePlan) -> Option<Lacking> {
        if self.answered == 0 || self.calls < self.answered {
            return Some(Lacking::Answers);
        }
        if to != Stage::Full {
            return None;
        }
        let named = self.said.person_on_duty.as_deref().map(str::trim);
        if named.is_none_or(|name| name.is_empty() || name.len() > ON_DUTY_BYTES_MAX) {
            return Some(Lacking::PersonOnDuty);
        }
        plan.agent_gates.then(|| self.said.agents_lack()).flatten()
    }
}

impl SaidEvidence {
    fn agents_lack(&self) -> Option<Lacking> {
        let above = |ratio: Option<u32>, floor: u32| ratio.is_some_and(|it| it > floor && it <= 1_000);
        let (fewest, most) = PILOT_AGENTS;
        let checks = [
            (
                self.agents
                    .is_some_and(|agents| (fewest..=most).contains(&agents)),
                Lacking::Agents,
            ),
            (
                self.days.is_some_and(|days| days >= PILOT_DAYS_MIN),
                Lacking::Days,
            ),
            (
                above(self.routing_per_mille, ROUTING_PER_MILLE_ABOVE),
                Lacking::Routing,
            ),
            (
                above(self.coverage_per_mille, COVERAGE_PER_MILLE_ABOVE),
                Lacking::Coverage,
            ),
        ];
        checks
            .into_iter()
            .find(|(holds, _)| !holds)
            .map(|(_, lacking)| lacking)
    }
}
