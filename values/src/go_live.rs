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
    /// 20 to 50 agents, for a month or two, reviewed each day; where the plan has it.
    RollOut,
    Full,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::Test, Self::Pilot, Self::RollOut, Self::Full];

    /// The stage with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Pilot => "pilot",
            Self::RollOut => "roll_out",
            Self::Full => "full",
        }
    }
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Test => "测试",
            Self::Pilot => "试点",
            Self::RollOut => "推广",
            Self::Full => "全量",
        }
    }
    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Test => "under test",
            Self::Pilot => "a pilot",
            Self::RollOut => "rolled out",
            Self::Full => "fully live",
        }
    }
}

/// That a campaign goes live in stages, and what its promotions ask for besides figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked for apart, by a member of the campaign's body"
)]
pub struct StagePlan {
    /// The stage in which it begins.
    pub from: Stage,
    /// Agents take its calls over: a pilot ends with 3 to 5 of them, a week, and ratios above DEP-7's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agent_gates: bool,
    /// Under test only our own test phones (internal numbers) are called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_phones: bool,
    /// Between a pilot with agents and full: a roll-out to 20 to 50 of them, reviewed each day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll_out: bool,
}

impl StagePlan {
    /// It begins so, and asks for nothing else.
    pub const fn beginning_at(from: Stage) -> Self {
        Self {
            from,
            agent_gates: false,
            own_phones: false,
            roll_out: false,
        }
    }

    /// Why nobody could go live so; nothing where they can.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.roll_out && !self.agent_gates {
            return Some("a roll-out (roll_out) is of agents: agent_gates stands beside it");
        }
        if matches!(self.from, Stage::RollOut) && !self.roll_out {
            return Some("it begins with a roll-out that it does not have (roll_out)");
        }
        if self.own_phones && !matches!(self.from, Stage::Test) {
            return Some("own_phones is about a test: it begins with one (from: test)");
        }
        None
    }

    /// The stage that follows.
    pub const fn after(&self, stage: Stage) -> Option<Stage> {
        match stage {
            Stage::Test => Some(Stage::Pilot),
            Stage::Pilot if self.roll_out => Some(Stage::RollOut),
            Stage::Pilot | Stage::RollOut => Some(Stage::Full),
            Stage::Full => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_and_a_roll_out_is_of_agents() {
        let plain = StagePlan::beginning_at(Stage::Test);
        let rolled = StagePlan {
            agent_gates: true,
            roll_out: true,
            own_phones: true,
            ..plain
        };
        let order = |plan: StagePlan| {
            let mut stages = vec![Stage::Test];
            while let Some(next) = stages.last().and_then(|last| plan.after(*last)) {
                stages.push(next);
            }
            stages
        };
        assert_eq!(order(plain), [Stage::Test, Stage::Pilot, Stage::Full]);
        assert_eq!(order(rolled), Stage::ALL);
        assert_eq!((plain.fault(), rolled.fault()), (None, None));
        let robots = StagePlan {
            agent_gates: false,
            ..rolled
        };
        assert!(robots.fault().is_some());
        assert!(StagePlan::beginning_at(Stage::RollOut).fault().is_some());
        let late = StagePlan {
            from: Stage::Pilot,
            ..rolled
        };
        assert!(late.fault().is_some(), "a test that never comes");
    }
}
