//! The go-live stages of a campaign (DEP-7), with their limits on customers and on calls per day.

use serde::{Deserialize, Serialize};

/// Most customers of a campaign in the test stage (DEP-7: 200 records).
pub const TEST_PEOPLE_MAX: u32 = 200;

/// Most calls per day of a campaign in the pilot stage, by the campaign's time zone (DEP-7).
pub const PILOT_CALLS_PER_DAY_MAX: u32 = 1_000;

/// The go-live stage of a campaign, from test to full operation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GoLiveStage")]
pub enum Stage {
    /// Test: only the first 200 customers.
    Test,
    /// Pilot: at most 1,000 calls a day.
    Pilot,
    /// Roll-out, if the plan has it: 20 to 50 agents for one or two months, reviewed each day.
    RollOut,
    Full,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::Test, Self::Pilot, Self::RollOut, Self::Full];

    /// Returns the stage with this code.
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

/// A campaign's go-live plan: its first stage, and further conditions for promotions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked for apart, by a member of the campaign's body"
)]
pub struct StagePlan {
    /// The first stage.
    pub from: Stage,
    /// Agents take over the calls. A pilot then ends only with 3 to 5 agents, after a week, and with the
    /// ratios of DEP-7.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agent_gates: bool,
    /// In the test stage only test phones (internal numbers) are called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_phones: bool,
    /// A roll-out to 20 to 50 agents, reviewed each day, between the pilot with agents and the full stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll_out: bool,
}

impl StagePlan {
    /// Returns a plan that begins at this stage and has no further conditions.
    pub const fn beginning_at(from: Stage) -> Self {
        Self {
            from,
            agent_gates: false,
            own_phones: false,
            roll_out: false,
        }
    }

    /// Returns why the plan's members contradict one another; `None` if the plan is valid.
    pub const fn fault(&self) -> Option<&'static str> {
        if self.roll_out && !self.agent_gates {
            return Some("roll_out needs agent_gates: a roll-out is done with agents");
        }
        if matches!(self.from, Stage::RollOut) && !self.roll_out {
            return Some("from: roll_out needs roll_out: true");
        }
        if self.own_phones && !matches!(self.from, Stage::Test) {
            return Some("own_phones needs from: test");
        }
        None
    }

    /// Returns the stage that follows `stage` in this plan; `None` after `Full`. `RollOut` follows only if
    /// the plan has it.
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
