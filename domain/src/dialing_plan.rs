//! How many calls a campaign starts for the people who take them (CMP-1): by lines, or by agents.
//!
//! A robot is never scarce, so a campaign of robots starts as many as its lines carry (batch). Where agents
//! take the calls, either one call goes out for one free agent (progressive), or a pacer counts on answers
//! that will not come (predictive), under the account of `abandonment.rs`.

use serde::{Deserialize, Serialize};

/// By what a batch is sized.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DialingMode {
    /// As many as lines and `max_concurrent` carry: a robot takes each call.
    #[default]
    Batch,
    /// One call for one free agent: nobody can be dropped for want of one.
    Progressive,
    /// As many as a pacer counts on, never over the account of abandoned calls.
    Predictive,
    /// Only whom a call was asked for, and who named a time for being called: nobody for standing in a list.
    Callback,
}

impl DialingMode {
    pub const ALL: [Self; 4] = [Self::Batch, Self::Progressive, Self::Predictive, Self::Callback];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Progressive => "progressive",
            Self::Predictive => "predictive",
            Self::Callback => "callback",
        }
    }

    /// Whether agents take its calls.
    pub const fn needs_agents(self) -> bool {
        match self {
            Self::Batch | Self::Callback => false,
            Self::Progressive | Self::Predictive => true,
        }
    }

    /// Whether it calls nobody but those for whom a call was asked, or a time was named.
    pub const fn only_asked(self) -> bool {
        match self {
            Self::Callback => true,
            Self::Batch | Self::Progressive | Self::Predictive => false,
        }
    }
}

/// How a campaign dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DialingPlan {
    pub mode: DialingMode,
    /// Each day is held to the share of the 30 days too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_each_day: bool,
}

/// The floor of agents as the dialer saw it when it asked for leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
pub struct FloorSeen {
    /// Agents at work for this campaign, busy or not.
    pub agents: u32,
    pub free: u32,
    /// Calls dialed or about to be, and not answered.
    pub ringing: u32,
    /// Callees who answered and have nobody yet.
    pub waiting: u32,
}

impl FloorSeen {
    /// One call for each free agent whom nobody rings for: what costs no drop.
    pub const fn progressive(self) -> u32 {
        self.free
            .saturating_sub(self.ringing)
            .saturating_sub(self.waiting)
    }
}

/// By what a batch was sized, beside its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PacedBy {
    pub mode: DialingMode,
    #[serde(flatten)]
    pub floor: FloorSeen,
    /// What the pacer wished.
    pub wished: u32,
    /// The account then: live answers and drops of 30 days, and how many more drops it allows.
    pub answers: u64,
    pub drops: u64,
    pub budget: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rings_and_who_waits_takes_a_free_agent_each() {
        let floor = FloorSeen {
            agents: 9,
            free: 5,
            ringing: 2,
            waiting: 1,
        };
        assert_eq!(floor.progressive(), 2);
        assert_eq!(FloorSeen { waiting: 9, ..floor }.progressive(), 0);
    }

    #[test]
    fn each_mode_is_stored_by_its_code() {
        for mode in DialingMode::ALL {
            let stored = serde_json::to_value(mode).unwrap();
            assert_eq!(stored, mode.code());
            // A robot relieves whoever is called by a time that they named.
            assert!(!(mode.needs_agents() && mode.only_asked()));
        }
    }
}
