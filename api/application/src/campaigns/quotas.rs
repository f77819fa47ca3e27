//! The quotas of a campaign and their counts, from the campaign's own events.

use crate::segments::visibility::{SegmentVisibility, rounded};
use domain::campaign::CampaignState;
use domain::quota::{QuotaPeriod, QuotaStatus};
use domain::quota_members::asks_of_sealed;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One quota with its counts, and whether its customers are called.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuotaResponse {
    #[schemars(example = &"east")]
    name: String,
    /// What the quota counts: dials, connected calls or completed calls.
    #[schemars(extend("enum" = ["dials", "connected", "completed"]))]
    counts: &'static str,
    per: QuotaPeriod,
    /// The count, in total or of today. If the group depends on sealed attributes and the user may not see
    /// them in clear, it is rounded down to tens.
    counted: u32,
    /// Reserved places of calls with an unknown result. Each counts until its result is known.
    in_flight: u32,
    at_most: u32,
    /// `open`, `taken` (all places reserved by running calls), `full_today` or `full`.
    #[schemars(extend("enum" = ["open", "taken", "full_today", "full"]))]
    standing: &'static str,
    /// Time from which customers of the group may be called again.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// Returns all quotas of a campaign with their counts. Counts of groups by sealed attributes are rounded
/// down to tens unless `sight` permits clear values.
pub(super) fn quotas_of(
    state: &CampaignState,
    now: Timestamp,
    sight: SegmentVisibility,
) -> Vec<QuotaResponse> {
    let standings = state.quotas().standings(now).into_iter();
    let shown = standings.map(|one| {
        let (counted, at_most) = one.quota.bound();
        let (standing, until) = match one.standing {
            QuotaStatus::Open => ("open", None),
            QuotaStatus::Taken => ("taken", None),
            QuotaStatus::FullUntil(until) => ("full_today", Some(until)),
            QuotaStatus::Full => ("full", None),
        };
        // Each count of the group would reveal that a customer is in it.
        let rounds = !sight.reveals() && asks_of_sealed(one.quota);
        let shown = |count: u32| match rounds {
            true => u32::try_from(rounded(u64::from(count))).unwrap_or(count),
            false => count,
        };
        QuotaResponse {
            name: one.quota.name.clone(),
            counts: counted.code(),
            per: one.quota.per,
            counted: shown(one.counted),
            in_flight: shown(one.in_flight),
            at_most,
            standing,
            until,
        }
    });
    shown.collect()
}
