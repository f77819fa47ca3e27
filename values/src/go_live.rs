//! Going live in stages (DEP-7): with how many people a campaign begins, and how many calls a day it may
//! place then. Values that plans, campaigns and requests share.

use serde::{Deserialize, Serialize};

/// People of a campaign under test (DEP-7: 200 records).
pub const TEST_PEOPLE_MAX: u32 = 200;

/// Calls of a pilot in one day of the campaign's own time zone (DEP-7).
pub const PILOT_CALLS_PER_DAY_MAX: u32 = 1_000;

/// How far a campaign has gone live.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GoLiveStage")]
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
