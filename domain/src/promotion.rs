//! What stands beside a promotion of a campaign (DEP-7): figures of its log, what only people know, and what
//! is still lacking.

use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};
use values::go_live::{Stage, StagePlan};

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
    /// What a promotion to `to` still lacks, the first of it, where so many calls were answered before the
    /// stage that ends began.
    pub fn lacking(&self, to: Stage, plan: StagePlan, answered_before: u64) -> Option<Lacking> {
        if self.answered <= answered_before || self.calls < self.answered {
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
