//! How the quotas of a campaign stand, by its own events.

use domain::campaign::CampaignState;
use domain::quota::{Per, Standing};
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
    /// Of the campaign, or of today.
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
pub(super) fn quotas_of(state: &CampaignState, now: Timestamp) -> Vec<QuotaShown> {
    let standings = state.quotas().standings(now).into_iter();
    let shown = standings.map(|one| {
        let (counted, at_most) = one.quota.bound();
        let (standing, until) = match one.standing {
            Standing::Open => ("open", None),
            Standing::Taken => ("taken", None),
            Standing::FullUntil(until) => ("full_today", Some(until)),
            Standing::Full => ("full", None),
        };
        QuotaShown {
            name: one.quota.name.clone(),
            counts: counted.code(),
            per: one.quota.per,
            counted: one.counted,
            in_flight: one.in_flight,
            at_most,
            standing,
            until,
        }
    });
    shown.collect()
}
