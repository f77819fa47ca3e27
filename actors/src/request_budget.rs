//! Counts the requests to an external service per campaign and decides whether another may be sent: not
//! beyond the campaign's budget, and not for a while after several failures in a row.

use domain::ids::CampaignId;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Consecutive failures after which the service is not asked for `REST_MS`.
const FAILURES_MAX: u32 = 5;
/// How long the service is not asked after `FAILURES_MAX` failures, in milliseconds.
pub(crate) const REST_MS: u64 = 30_000;
/// Most campaigns with a count; further campaigns of the process send no requests.
const CAMPAIGNS_MAX: usize = 1_000;

/// Counts of the requests to one external service.
#[derive(Default)]
pub(crate) struct RequestBudget(Mutex<RequestCounts>);

#[derive(Default)]
struct RequestCounts {
    asked: BTreeMap<CampaignId, u32>,
    failures: u32,
    rests_until: Option<Timestamp>,
}

impl RequestBudget {
    /// Returns true if a request for this campaign may be sent now, and counts it. False at `asks_max`,
    /// while the service rests, or if too many campaigns are counted.
    pub(crate) fn admits(&self, campaign: &CampaignId, asks_max: u32, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.rests_until.is_some_and(|until| now < until) {
            return false;
        }
        let has_room = counted.asked.len() < CAMPAIGNS_MAX || counted.asked.contains_key(campaign);
        let asked = counted.asked.get(campaign).copied().unwrap_or_default();
        if !has_room || asked >= asks_max {
            return false;
        }
        counted.asked.insert(campaign.clone(), asked + 1);
        true
    }

    /// Records whether the service answered. `FAILURES_MAX` consecutive failures make it rest.
    pub(crate) fn note(&self, answered: bool, now: Timestamp) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            (counted.failures, counted.rests_until) = (0, None);
            return;
        }
        counted.failures = counted.failures.saturating_add(1);
        if counted.failures >= FAILURES_MAX {
            counted.rests_until = Some(now.plus_ms(REST_MS));
            counted.failures = 0;
        }
    }
}
