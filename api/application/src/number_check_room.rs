//! Who knows which numbers are vacant in this process, once that is known.

use domain::calling_plan::CallingPlan;
use domain::ids::CampaignId;
use domain::ports::number_checker::NumberChecker;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Who is asked which numbers are vacant; nobody unless the process was started so.
#[derive(Default)]
pub struct NumberCheckRoom {
    checker: OnceLock<Arc<dyn NumberChecker>>,
    /// Campaigns that were started, or have people more: each stands here once.
    campaigns: Mutex<BTreeSet<CampaignId>>,
    woken: Notify,
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

    pub(crate) fn checker(&self) -> Option<&Arc<dyn NumberChecker>> {
        self.checker.get()
    }
}

/// How old a vacancy check may be in this campaign, in days, where it demands one.
pub(crate) fn number_check_of(plan: &CallingPlan) -> Option<u32> {
    let demanded = plan.screening.as_deref()?.number_check.as_ref()?;
    Some(demanded.max_age_days)
}
