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
    /// One call for one agent who was shown whom, and accepted: nobody is called otherwise.
    Preview,
}

impl DialingMode {
    pub const ALL: [Self; 5] = [
        Self::Batch,
        Self::Progressive,
        Self::Predictive,
        Self::Callback,
        Self::Preview,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Progressive => "progressive",
            Self::Predictive => "predictive",
            Self::Callback => "callback",
            Self::Preview => "preview",
        }
    }

    /// Whether agents take its calls.
    pub const fn needs_agents(self) -> bool {
        match self {
            Self::Batch | Self::Callback => false,
            Self::Progressive | Self::Predictive | Self::Preview => true,
        }
    }

    /// Whether it calls nobody but those for whom a call was asked, or a time was named.
    pub const fn only_asked(self) -> bool {
        match self {
            Self::Callback => true,
            Self::Batch | Self::Progressive | Self::Predictive | Self::Preview => false,
        }
    }

    /// Whether it calls nobody but those whom an agent was shown and accepted.
    pub const fn only_accepted(self) -> bool {
        match self {
            Self::Preview => true,
            Self::Batch | Self::Progressive | Self::Predictive | Self::Callback => false,
        }
    }
}

/// How long an offer waits for its agent, where the plan says nothing: to read who it is, not to keep them.
pub const OFFER_MS: u32 = 120_000;

/// How long whoever is skipped waits, where the plan says nothing.
pub const SKIP_WAIT_MS: u32 = 3_600_000;

/// Bounds of the first: shorter is no look, longer keeps a person from everybody else.
const OFFER_MS_RANGE: std::ops::RangeInclusive<u32> = 5_000..=1_800_000;

/// Bounds of the second: a minute, and 30 days, as far ahead as a callback may be named.
const SKIP_WAIT_MS_RANGE: std::ops::RangeInclusive<u32> = 60_000..=2_592_000_000;

/// How a campaign dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DialingPlan {
    pub mode: DialingMode,
    /// Each day is held to the share of the 30 days too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_each_day: bool,
    /// Of `preview`: how long an offer waits for its agent; two minutes where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_ms: Option<u32>,
    /// Of `preview`: how long whoever is skipped waits; an hour where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_wait_ms: Option<u32>,
}

impl DialingPlan {
    /// How long an offer waits for its agent.
    pub fn offer_ms(&self) -> u64 {
        u64::from(self.offer_ms.unwrap_or(OFFER_MS))
    }

    /// How long whoever is skipped waits.
    pub fn skip_wait_ms(&self) -> u64 {
        u64::from(self.skip_wait_ms.unwrap_or(SKIP_WAIT_MS))
    }

    /// What of it makes no sense.
    pub fn fault(&self) -> Option<&'static str> {
        let times = [
            (self.offer_ms, OFFER_MS_RANGE, "offer_ms must be 5000 to 1800000"),
            (
                self.skip_wait_ms,
                SKIP_WAIT_MS_RANGE,
                "skip_wait_ms must be 60000 to 2592000000",
            ),
        ];
        let is_said = self.offer_ms.is_some() || self.skip_wait_ms.is_some();
        if is_said && !self.mode.only_accepted() {
            return Some("offer_ms and skip_wait_ms need the mode preview");
        }
        let outside = times
            .into_iter()
            .find(|(said, range, _)| said.is_some_and(|said| !range.contains(&said)));
        outside.map(|(_, _, why)| why)
    }
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

    #[test]
    fn times_of_offers_are_within_bounds_and_of_that_mode_alone() {
        let of = |mode, offer_ms, skip_wait_ms| DialingPlan {
            mode,
            offer_ms,
            skip_wait_ms,
            ..DialingPlan::default()
        };
        let preview = |offer, skip| of(DialingMode::Preview, offer, skip).fault();
        assert_eq!(preview(None, None), None);
        assert_eq!(preview(Some(5_000), Some(60_000)), None);
        assert_eq!(preview(Some(1_800_000), Some(2_592_000_000)), None);
        assert!(preview(Some(4_999), None).is_some() && preview(Some(1_800_001), None).is_some());
        assert!(preview(None, Some(59_999)).is_some() && preview(None, Some(2_592_000_001)).is_some());
        assert!(of(DialingMode::Batch, Some(5_000), None).fault().is_some());
    }
}
