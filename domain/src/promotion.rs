//! The evidence for a campaign's promotion to the next stage (DEP-7): figures from the log, statements by a
//! user, and what is still missing.

use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};
use values::go_live::{Stage, StagePlan};

/// The fewest and most agents in a pilot with agents (DEP-7: 3 to 5).
pub const PILOT_AGENTS: (u32, u32) = (3, 5);

/// The shortest pilot with agents, in days (DEP-7: 1 to 2 weeks). A shorter one cannot be promoted.
pub const PILOT_DAYS_MIN: u32 = 7;

/// Correctly routed calls per thousand that a pilot must exceed (DEP-7: 85 %).
pub const ROUTING_PER_MILLE_ABOVE: u32 = 850;

/// Answered common questions per thousand that the knowledge base must exceed (DEP-7: 90 %).
pub const COVERAGE_PER_MILLE_ABOVE: u32 = 900;

/// The fewest and most agents in a roll-out (DEP-7: 20 to 50).
pub const ROLL_OUT_AGENTS: (u32, u32) = (20, 50);

/// The shortest roll-out, in days (DEP-7: 1 to 2 months). A shorter one cannot be promoted.
pub const ROLL_OUT_DAYS_MIN: u64 = 30;

/// The most bytes of the name of the person on duty, an employee; a longer one counts as missing.
pub const ON_DUTY_BYTES_MAX: usize = 64;

/// The evidence of a promotion: figures of the log up to a position, and statements by a user.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(calls, answered, abandoned, complaints)]
pub struct Evidence {
    /// The log position of the figures, so that they can be counted again.
    pub position: Position,
    pub calls: u64,
    pub answered: u64,
    /// Calls answered by a person who got neither a robot nor an agent in time.
    pub abandoned: u64,
    pub complaints: u64,
    #[serde(flatten)]
    pub said: EvidenceStatements,
}

/// What the user who promotes a campaign states as evidence.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(
    person_on_duty,
    agents,
    days,
    reviewed_days,
    routing_per_mille,
    coverage_per_mille
)]
pub struct EvidenceStatements {
    /// The user who is on duty once the campaign is fully live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"li")]
    pub person_on_duty: Option<String>,
    /// Number of agents in the pilot or roll-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<u32>,
    /// Days that the pilot took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Days of the roll-out that were reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed_days: Option<u32>,
    /// Number of correctly routed calls per thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_per_mille: Option<u32>,
    /// Number of answered common questions per thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_per_mille: Option<u32>,
}

/// The part of a promotion's evidence that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MissingEvidence {
    #[error("no call was answered in this stage: there is no evidence")]
    Answers,
    #[error("the on-duty user for the full rollout is missing (person_on_duty)")]
    PersonOnDuty,
    #[error("a pilot with agents must end with 3 to 5 agents (agents)")]
    Agents,
    #[error("a pilot with agents must take at least 7 days (days)")]
    Days,
    #[error("a roll-out must end with 20 to 50 agents (agents)")]
    RollOutAgents,
    #[error("a roll-out must take at least 30 days, counted from the promotion to it")]
    RollOutDays,
    #[error(
        "each day of a roll-out must be reviewed: reviewed_days must be at least the number of days since \
         the promotion to it"
    )]
    Reviews,
    #[error("more than 850 of 1,000 calls must be routed correctly (routing_per_mille)")]
    Routing,
    #[error("more than 900 of 1,000 common questions must be answered (coverage_per_mille)")]
    Coverage,
}

/// A promotion from one stage to the next, with the campaign's own facts that the evidence must match.
#[derive(Debug, Clone, Copy)]
pub struct PromotionStep {
    pub from: Stage,
    pub to: Stage,
    pub plan: StagePlan,
    /// Calls answered before the ending stage began.
    pub answered_before: u64,
    /// Whole days of the ending stage.
    pub days: u64,
}

impl Evidence {
    /// Returns the first part of the evidence that the promotion lacks; `None` if it is complete.
    pub fn lacking(&self, going: &PromotionStep) -> Option<MissingEvidence> {
        if self.answered <= going.answered_before || self.calls < self.answered {
            return Some(MissingEvidence::Answers);
        }
        let named = self.said.person_on_duty.as_deref().map(str::trim);
        let is_named = named.is_some_and(|name| !name.is_empty() && name.len() <= ON_DUTY_BYTES_MAX);
        if going.to == Stage::Full && !is_named {
            return Some(MissingEvidence::PersonOnDuty);
        }
        match going.from {
            Stage::Pilot if going.plan.agent_gates => self.said.agents_lack(),
            Stage::RollOut => self.said.roll_out_lacks(going.days),
            Stage::Test | Stage::Pilot | Stage::Full => None,
        }
    }
}

impl EvidenceStatements {
    fn roll_out_lacks(&self, days: u64) -> Option<MissingEvidence> {
        let (fewest, most) = ROLL_OUT_AGENTS;
        let checks = [
            (
                self.agents
                    .is_some_and(|agents| (fewest..=most).contains(&agents)),
                MissingEvidence::RollOutAgents,
            ),
            (days >= ROLL_OUT_DAYS_MIN, MissingEvidence::RollOutDays),
            (
                self.reviewed_days
                    .is_some_and(|reviewed| u64::from(reviewed) >= days),
                MissingEvidence::Reviews,
            ),
        ];
        let lacking = checks.into_iter().find(|(holds, _)| !holds);
        lacking.map(|(_, lacking)| lacking)
    }

    fn agents_lack(&self) -> Option<MissingEvidence> {
        let above = |ratio: Option<u32>, floor: u32| ratio.is_some_and(|it| it > floor && it <= 1_000);
        let (fewest, most) = PILOT_AGENTS;
        let checks = [
            (
                self.agents
                    .is_some_and(|agents| (fewest..=most).contains(&agents)),
                MissingEvidence::Agents,
            ),
            (
                self.days.is_some_and(|days| days >= PILOT_DAYS_MIN),
                MissingEvidence::Days,
            ),
            (
                above(self.routing_per_mille, ROUTING_PER_MILLE_ABOVE),
                MissingEvidence::Routing,
            ),
            (
                above(self.coverage_per_mille, COVERAGE_PER_MILLE_ABOVE),
                MissingEvidence::Coverage,
            ),
        ];
        checks
            .into_iter()
            .find(|(holds, _)| !holds)
            .map(|(_, lacking)| lacking)
    }
}
