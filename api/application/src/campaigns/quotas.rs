//! How the quotas of a campaign stand, by its own events.

use crate::segments::sight::{SegmentSight, rounded};
use domain::campaign::CampaignState;
use domain::quota::{Per, Standing};
use domain::quota_members::asks_of_sealed;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One quota, its counts, and whether its people are called.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuotaShown {
    #[schemars(example = &"east")]
    name: String,
    /// What is counted: dials, connected or completed.
    #[schemars(extend("enum" = ["dials", "connected", "completed"]))]
    counts: &'static str,
    per: Per,
    /// Of the campaign, or of today. Rounded down to tens where the group is of sealed attributes, and the
    /// caller may not see them in clear.
    counted: u32,
    /// Places taken by calls whose end is not known yet; each counts until it is.
    in_flight: u32,
    at_most: u32,
    /// open, taken (by calls in flight), full_today, full.
    #[schemars(extend("enum" = ["open", "taken", "full_today", "full"]))]
    standing: &'static str,
    /// When its people may be called again.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// All of a campaign.
pub(super) fn quotas_of(state: &CampaignState, now: Timestamp, sight: SegmentSight) -> Vec<QuotaShown> {
    let standings = state.quotas().standings(now).into_iter();
    let shown = standings.map(|one| {
        let (counted, at_most) = one.quota.bound();
        let (standing, until) = match one.standing {
            Standing::Open => ("open", None),
            Standing::Taken => ("taken", None),
            Standing::FullUntil(until) => ("full_today", Some(until)),
            Standing::Full => ("full", None),
        };
        // Each place of it tells that one person is in the group.
        let rounds = !sight.reveals() && asks_of_sealed(one.quota);
        let shown = |count: u32| match rounds {
            true => u32::try_from(rounded(u64::from(count))).unwrap_or(count),
            false => count,
        };
        QuotaShown {
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
