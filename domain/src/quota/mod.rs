//! Quotas (配额): for a group of customers, at most so many dials, connected calls or completed calls, per
//! campaign or per day.
//!
//! Guarantees. Only the campaign's own events count: a place is reserved when a batch is granted, and counted
//! or released when the call has ended; no view is used. A reserved place counts as if the call had the
//! counted result, so that a quota is never exceeded, however many calls are in flight. A place left open by
//! a crash stays reserved until the call's own stream has the result.

mod account;
#[cfg(test)]
mod tests;

pub use account::{
    FullQuota, QuotaAccount, QuotaEnd, QuotaPerson, QuotaReservation, QuotaStatus, QuotaUsage,
    find_full_quota, waits_for_calls,
};

use serde::{Deserialize, Serialize};

/// Most quotas of one campaign. Each customer of a batch is checked against each.
pub const QUOTAS_MAX: usize = 16;

/// Longest name of a quota, in bytes.
pub const QUOTA_NAME_BYTES_MAX: usize = 64;

/// Longest condition of a quota, in bytes: the limit of a segment.
pub const QUOTA_WHERE_BYTES_MAX: usize = 8 * 1_024;

/// The rule name for a customer who is not called because a quota is full.
pub const QUOTA: &str = "quota";

/// The result that a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaMeasure {
    /// Calls that were dialed.
    Dials,
    /// Calls that a person answered.
    Connected,
    /// Calls with a conversation that reached its end.
    Completed,
}

impl QuotaMeasure {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dials => "dials",
            Self::Connected => "connected",
            Self::Completed => "completed",
        }
    }
}

/// The period over which a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaPeriod {
    Campaign,
    /// A day in the campaign's time zone, as in its schedule.
    Day,
}

impl QuotaPeriod {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Campaign => "campaign",
            Self::Day => "day",
        }
    }
}

/// A limit for one group of customers. One of `dials`, `connected` and `completed` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "east", "where": "SELECT * FROM customers WHERE region = '上海'",
    "connected": 500, "per": "day" }]))]
pub struct Quota {
    #[schemars(length(min = 1, max = QUOTA_NAME_BYTES_MAX))]
    pub name: String,
    /// The group: a segment (`SELECT * FROM customers WHERE …`, without order and limit), or a tag.
    #[serde(rename = "where")]
    #[schemars(length(min = 1, max = QUOTA_WHERE_BYTES_MAX))]
    pub group: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dials: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<u32>,
    pub per: QuotaPeriod,
}

impl Quota {
    /// Returns the counted result and its limit.
    pub fn bound(&self) -> (QuotaMeasure, u32) {
        let bound = |counted, most: Option<u32>| most.map(|most| (counted, most));
        bound(QuotaMeasure::Dials, self.dials)
            .or_else(|| bound(QuotaMeasure::Connected, self.connected))
            .or_else(|| bound(QuotaMeasure::Completed, self.completed))
            .unwrap_or((QuotaMeasure::Dials, 0))
    }
}
