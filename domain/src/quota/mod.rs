//! Quotas (配额): of a group of people at most so many dials, connected calls or completed ones, of the whole
//! campaign or each day.
//!
//! Promises. What counts is the campaign's own events: a place of a quota is taken when a batch is
//! granted, and given back or counted when the call has ended; no view is asked. A place that is taken
//! counts as if its call came out as the quota wants it, so that no quota is ever passed, however many
//! calls are in flight, and what a crash leaves open stays taken until the call's own stream says what
//! came of it.

mod account;
#[cfg(test)]
mod tests;

pub use account::{
    FullQuota, QuotaAccount, QuotaEnd, QuotaPerson, QuotaPlace, QuotaStanding, Standing, full_of,
    waits_for_calls,
};

use serde::{Deserialize, Serialize};

/// Most quotas of one campaign: each person of a batch is asked about each.
pub const QUOTAS_MAX: usize = 16;

/// Longest name, in bytes.
pub const QUOTA_NAME_BYTES_MAX: usize = 64;

/// Longest condition, in bytes: that of a segment.
pub const QUOTA_WHERE_BYTES_MAX: usize = 8 * 1_024;

/// The rule by which somebody is not called whose quota is full.
pub const QUOTA: &str = "quota";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls that were dialed.
    Dials,
    /// Calls that a person answered.
    Connected,
    /// Calls whose conversation came to its end.
    Completed,
}

impl Counted {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dials => "dials",
            Self::Connected => "connected",
            Self::Completed => "completed",
        }
    }
}

/// Over what it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Campaign,
    /// A day of the campaign's zone, as its schedule's times are.
    Day,
}

impl Per {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Day => "day",
        }
    }
}

/// At most so many of one group. One of `dials`, `connected` and `completed` says how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "east", "where": "SELECT * FROM customers WHERE region = '上海'",
    "connected": 500, "per": "day" }]))]
pub struct Quota {
    #[schemars(length(min = 1, max = QUOTA_NAME_BYTES_MAX))]
    pub name: String,
    /// Whose: a segment (`SELECT * FROM customers WHERE …`, without an order or a limit), or a tag.
    #[serde(rename = "where")]
    #[schemars(length(min = 1, max = QUOTA_WHERE_BYTES_MAX))]
    pub group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dials: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<u32>,
    pub per: Per,
}

impl Quota {
    /// What is counted, and how many of it there may be.
    pub fn bound(&self) -> (Counted, u32) {
        let bound = |counted, most: Option<u32>| most.map(|most| (counted, most));
        bound(Counted::Dials, self.dials)
            .or_else(|| bound(Counted::Connected, self.connected))
            .or_else(|| bound(Counted::Completed, self.completed))
            .unwrap_or((Counted::Dials, 0))
    }
}
