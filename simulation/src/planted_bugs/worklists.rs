//! Planted bugs of the worklist: work that drivers are not shown.

use async_trait::async_trait;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::worklist::{
    CampaignWork, DueEnrolment, OpenCall, OpenGrant, RankedEnrolment, UnclosedCall, Worklist, WorklistError,
};
use domain::ranking::RankingBucket;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::sync::Arc;

/// What a planted worklist leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HiddenWork {
    OpenCallsAndGrants,
    UnclosedCalls,
}

struct PlantedWorklist {
    inner: Arc<dyn Worklist>,
    hidden: HiddenWork,
}

/// The watchdog finds nothing to close.
pub(super) fn without_open_work(inner: Arc<dyn Worklist>) -> Arc<dyn Worklist> {
    let hidden = HiddenWork::OpenCallsAndGrants;
    Arc::new(PlantedWorklist { inner, hidden })
}

/// Calls that ended before a crash, with the end stored, are not closed.
pub(super) fn without_unclosed_calls(inner: Arc<dyn Worklist>) -> Arc<dyn Worklist> {
    let hidden = HiddenWork::UnclosedCalls;
    Arc::new(PlantedWorklist { inner, hidden })
}

#[async_trait]
impl Worklist for PlantedWorklist {
    async fn position(&self) -> Result<Position, WorklistError> {
        self.inner.position().await
    }

    async fn wait_for(&self, position: Position) -> Result<(), WorklistError> {
        self.inner.wait_for(position).await
    }

    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        self.inner.due(campaign, now, limit).await
    }

    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        rungs: &[RankingBucket],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RankedEnrolment>, WorklistError> {
        self.inner.due_ranked(campaign, rungs, now, limit).await
    }

    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        self.inner.due_of(campaign, customers, now).await
    }

    async fn next_due_after(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, WorklistError> {
        self.inner.next_due_after(campaign, now).await
    }

    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError> {
        match self.hidden {
            HiddenWork::OpenCallsAndGrants => Ok(Vec::new()),
            HiddenWork::UnclosedCalls => self.inner.open_grants(limit).await,
        }
    }

    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError> {
        match self.hidden {
            HiddenWork::OpenCallsAndGrants => Ok(Vec::new()),
            HiddenWork::UnclosedCalls => self.inner.open_calls(limit).await,
        }
    }

    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError> {
        match self.hidden {
            HiddenWork::UnclosedCalls => Ok(Vec::new()),
            HiddenWork::OpenCallsAndGrants => self.inner.unclosed_calls(limit).await,
        }
    }

    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError> {
        self.inner.unfinished_campaigns().await
    }

    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError> {
        self.inner.callbacks_of_stopped(limit).await
    }
}
