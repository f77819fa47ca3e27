//! Dialing modes: how many calls a campaign starts, limited by its lines or by its agents (CMP-1).
//!
//! There are enough robots, so a campaign of robots starts as many calls as its lines carry (batch). If
//! agents take the calls, either one call per free agent is dialed (progressive), or a pacer counts on
//! unanswered calls (predictive), limited by the account in `abandonment.rs`.

use serde::{Deserialize, Serialize};

/// How a campaign decides how many calls to start at once.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Default,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum DialingMode {
    /// As many as lines and `max_concurrent` allow: a robot takes each call.
    #[default]
    Batch,
    /// One call per free agent: no call is abandoned for lack of an agent.
    Progressive,
    /// As many as a pacer computes, never beyond the abandonment account.
    Predictive,
    /// Only on request or by callback: no customer is called only for being in a list.
    Callback,
    /// One call for one agent who saw the customer and accepted; no other calls.
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

    /// Returns true if agents take the calls of a campaign with this mode.
    pub const fn needs_agents(self) -> bool {
        match self {
            Self::Batch | Self::Callback => false,
            Self::Progressive | Self::Predictive | Self::Preview => true,
        }
    }

    /// Returns true if a campaign with this mode calls only on request or by callback.
    pub const fn only_asked(self) -> bool {
        match self {
            Self::Callback => true,
            Self::Batch | Self::Progressive | Self::Predictive | Self::Preview => false,
        }
    }

    /// Returns true if a campaign with this mode calls only customers that an agent saw and accepted.
    pub const fn only_accepted(self) -> bool {
        match self {
            Self::Preview => true,
            Self::Batch | Self::Progressive | Self::Predictive | Self::Callback => false,
        }
    }
}

/// Default of `offer_ms`, in milliseconds: how long a preview offer waits for its agent. Long enough to
/// read about the customer.
pub const OFFER_MS: u32 = 120_000;

/// Default of `skip_wait_ms`, in milliseconds: how long a skipped customer waits.
pub const SKIP_WAIT_MS: u32 = 3_600_000;

/// Permitted values of `offer_ms`: below it an agent cannot read the offer; above it the customer is kept
/// from other agents.
const OFFER_MS_RANGE: std::ops::RangeInclusive<u32> = 5_000..=1_800_000;

/// Permitted values of `skip_wait_ms`: a minute to 30 days, as far ahead as a callback may be named.
const SKIP_WAIT_MS_RANGE: std::ops::RangeInclusive<u32> = 60_000..=2_592_000_000;

/// A campaign's dialing mode and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DialingPlan {
    pub mode: DialingMode,
    /// True if the share of abandoned calls applies to each day, besides the 30 days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_each_day: bool,
    /// For `preview`: how long an offer waits for its agent; default two minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_ms: Option<u32>,
    /// For `preview`: how long a skipped customer waits; default one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_wait_ms: Option<u32>,
}

impl DialingPlan {
    /// Returns how long a preview offer waits for its agent, in milliseconds; by default two minutes.
    pub fn offer_ms(&self) -> u64 {
        u64::from(self.offer_ms.unwrap_or(OFFER_MS))
    }

    /// Returns how long a skipped customer waits, in milliseconds; by default one hour.
    pub fn skip_wait_ms(&self) -> u64 {
        u64::from(self.skip_wait_ms.unwrap_or(SKIP_WAIT_MS))
    }

    /// Returns what is wrong with the dialing plan; `None` if it is valid.
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

/// The agents' state as the dialer saw it when it requested dials.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Default,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[open(agents, free, ringing, waiting)]
pub struct AgentFloorSnapshot {
    /// Agents at work for this campaign, busy or not.
    pub agents: u32,
    pub free: u32,
    /// Calls dialed or about to be, and not answered.
    pub ringing: u32,
    /// Callees who answered and have no agent yet.
    pub waiting: u32,
}

impl AgentFloorSnapshot {
    /// Returns the number of free agents less ringing calls and waiting callees, at least 0: so many
    /// further calls abandon no callee.
    pub const fn progressive(self) -> u32 {
        self.free
            .saturating_sub(self.ringing)
            .saturating_sub(self.waiting)
    }
}

/// The facts by which the size of a batch was decided, besides its count.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(wished, answers, drops, budget)]
pub struct BatchPacing {
    pub mode: DialingMode,
    #[serde(flatten)]
    pub floor: AgentFloorSnapshot,
    /// The number of dials that the pacer requested.
    pub wished: u32,
    /// The account then: live answers and abandoned calls of 30 days, and how many more it allows.
    pub answers: u64,
    pub drops: u64,
    pub budget: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rings_and_who_waits_takes_a_free_agent_each() {
        let floor = AgentFloorSnapshot {
            agents: 9,
            free: 5,
            ringing: 2,
            waiting: 1,
        };
        assert_eq!(floor.progressive(), 2);
        assert_eq!(AgentFloorSnapshot { waiting: 9, ..floor }.progressive(), 0);
    }

    #[test]
    fn each_mode_is_stored_by_its_code() {
        for mode in DialingMode::ALL {
            let stored = serde_json::to_value(mode).unwrap();
            assert_eq!(stored, mode.code());
            // A robot takes callbacks.
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
