//! The number checker of this process, and the campaigns with numbers to check.

use domain::calling_plan::CallingPlan;
use domain::ids::CampaignId;
use domain::ports::number_checker::NumberChecker;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Holds the checker that knows vacant numbers (空号检测), if the process was started with one, and the
/// campaigns that wait for it.
#[derive(Default)]
pub struct NumberCheckService {
    checker: OnceLock<Arc<dyn NumberChecker>>,
    /// Campaigns that were started, or got new customers, since the last check.
    campaigns: Mutex<BTreeSet<CampaignId>>,
    woken: Notify,
    /// After a failed check, import rows are not checked until this time.
    rests_until: Mutex<Option<Timestamp>>,
}

impl NumberCheckService {
    /// Sets the checker and wakes the task that uses it. A second call does not replace the checker.
    pub fn ask_by(&self, checker: Arc<dyn NumberChecker>) {
        let _first = self.checker.set(checker);
        self.woken.notify_one();
    }

    /// Notes that numbers of this campaign may be unchecked, and wakes the checker.
    pub(crate) fn wake(&self, campaign: &CampaignId) {
        let mut campaigns = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        campaigns.insert(campaign.clone());
        drop(campaigns);
        self.woken.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Returns the campaigns noted since the last call, and clears them.
    pub(crate) fn take_campaigns(&self) -> BTreeSet<CampaignId> {
        let mut campaigns = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut campaigns)
    }

    /// Suspends the check of import rows until this time; meanwhile rows are enrolled unchecked.
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

/// Returns the greatest age in days at which a campaign with this plan accepts a number check. `None` if it
/// requires no check.
pub(crate) fn number_check_of(plan: &CallingPlan) -> Option<u32> {
    let demanded = plan.screening.as_deref()?.number_check.as_ref()?;
    Some(demanded.max_age_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_check_that_failed_rows_ask_nothing_until_the_rest_is_over() {
        let (room, now) = (NumberCheckService::default(), Timestamp::EPOCH);
        assert!(!room.rests_at(now));
        room.rest_until(now.plus_ms(60_000));
        assert!(room.rests_at(now.plus_ms(59_999)));
        assert!(!room.rests_at(now.plus_ms(60_000)));
    }
}
