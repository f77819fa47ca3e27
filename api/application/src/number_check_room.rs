//! Who knows which numbers are vacant in this process, once that is known.

use domain::calling_plan::CallingPlan;
use domain::ids::CampaignId;
use domain::ports::number_checker::NumberChecker;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Who is asked which numbers are vacant; nobody unless the process was started so.
#[derive(Default)]
pub struct NumberCheckRoom {
    checker: OnceLock<Arc<dyn NumberChecker>>,
    /// Campaigns that were started or got more people since numbers were last checked.
    campaigns: Mutex<BTreeSet<CampaignId>>,
    woken: Notify,
    /// Rows of imports ask nothing before this: the last check of one failed.
    rests_until: Mutex<Option<Timestamp>>,
}

impl NumberCheckRoom {
    /// From now on this one is asked; the first that is named stays.
    pub fn ask_by(&self, checker: Arc<dyn NumberChecker>) {
        let _first = self.checker.set(checker);
        self.woken.notify_one();
    }

    /// Numbers of this campaign may be unchecked now.
    pub(crate) fn wake(&self, campaign: &CampaignId) {
        let mut campaigns = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        campaigns.insert(campaign.clone());
        drop(campaigns);
        self.woken.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// The campaigns that it was woken for since this was last asked.
    pub(crate) fn take_campaigns(&self) -> BTreeSet<CampaignId> {
        let mut campaigns = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut campaigns)
    }

    /// Rows of imports are enrolled without a check until then.
    pub(crate) fn rest_until(&self, until: Timestamp) {
        let mut rests = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        *rests = Some(until);
    }

    pub(crate) fn rests_at(&self, now: Timestamp) -> bool {
        let rests = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        rests.is_some_and(|until| now < until)
    }

    pub(crate) fn checker(&self) -> Option<&Arc<dyn NumberChecker>> {
        self.checker.get()
    }
}

/// How old a vacancy check may be in this campaign, in days, where it demands one.
pub(crate) fn number_check_of(plan: &CallingPlan) -> Option<u32> {
    let demanded = plan.screening.as_deref()?.number_check.as_ref()?;
    Some(demanded.max_age_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_check_that_failed_rows_ask_nothing_until_the_rest_is_over() {
        let (room, now) = (NumberCheckRoom::default(), Timestamp::EPOCH);
        assert!(!room.rests_at(now));
        room.rest_until(now.plus_ms(60_000));
        assert!(room.rests_at(now.plus_ms(59_999)));
        assert!(!room.rests_at(now.plus_ms(60_000)));
    }
}
