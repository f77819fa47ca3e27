//! A worklist that replays the fake store at each query: always complete, never fast.

mod rows;

use super::FakeStore;
use async_trait::async_trait;
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId, NumberId};
use domain::ports::event_store::EventStore;
use domain::ports::worklist::{
    CampaignWork, DueEnrolment, OpenCall, OpenGrant, RankedEnrolment, UnclosedCall, Worklist, WorklistError,
};
use domain::ranking::{RankingBucket, RankingFacts};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) struct FakeWorklist(pub(crate) Arc<FakeStore>);

#[derive(Default)]
struct Rows {
    enrolments: BTreeMap<(CampaignId, CustomerId), FakeEnrolmentRow>,
    calls: BTreeMap<CallId, FakeCallRow>,
    campaigns: BTreeMap<CampaignId, CampaignRowStatus>,
}

/// The status of a campaign.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum CampaignRowStatus {
    #[default]
    Ready,
    Scheduled,
    Running,
    Paused,
    Stopped,
    Completed,
}

#[expect(clippy::struct_excessive_bools, reason = "what a row says, not states")]
struct FakeEnrolmentRow {
    number: NumberId,
    due_at: Option<Timestamp>,
    settled: bool,
    callback: bool,
    asked: bool,
    rung: RankingBucket,
}

struct FakeCallRow {
    grant: OpenGrant,
    released: bool,
    dialed_at: Option<Timestamp>,
    ended: Option<(Position, Disposition)>,
    closed: ClosedSides,
}

/// Which entities have recorded the end of a call.
#[derive(Default, Clone, Copy)]
struct ClosedSides {
    customer: bool,
    number: bool,
}

impl FakeWorklist {
    fn rows(&self) -> Rows {
        let mut rows = Rows::default();
        for (index, envelope) in self.0.envelopes().iter().enumerate() {
            rows.apply(Position(index as u64 + 1), envelope);
        }
        rows
    }
}

#[async_trait]
impl Worklist for FakeWorklist {
    async fn position(&self) -> Result<Position, WorklistError> {
        Ok(self.0.head().await.expect("the fake store has a head"))
    }
    async fn wait_for(&self, _: Position) -> Result<(), WorklistError> {
        Ok(())
    }
    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        let rows = self.rows();
        let mut due: Vec<_> = rows
            .enrolments
            .into_iter()
            .filter(|((of, _), _)| of == campaign)
            .filter_map(|((campaign, customer), row)| {
                let due_at = row.due_at.filter(|at| *at <= now && !row.settled)?;
                Some(DueEnrolment {
                    campaign,
                    customer,
                    number: row.number,
                    due_at,
                })
            })
            .collect();
        due.sort_by(|one, other| (one.due_at, &one.customer).cmp(&(other.due_at, &other.customer)));
        due.truncate(limit);
        Ok(due)
    }
    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        rungs: &[RankingBucket],
        now: Timestamp,
        _: usize,
    ) -> Result<Vec<RankedEnrolment>, WorklistError> {
        let rows = self.rows();
        let ranked = rows.enrolments.into_iter().filter(|((of, _), _)| of == campaign);
        let ranked = ranked.filter_map(|((campaign, customer), row)| {
            let due_at = row.due_at.filter(|at| *at <= now && !row.settled)?;
            let standing = RankingFacts {
                asked: row.asked || row.callback,
                due_at,
                value: row.rung.value,
                times_group: row.rung.group,
            };
            let due = DueEnrolment {
                campaign,
                customer,
                number: row.number,
                due_at,
            };
            let is_named = standing.asked || rungs.contains(&row.rung);
            is_named.then_some(RankedEnrolment { due, standing })
        });
        Ok(ranked.collect())
    }
    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        let mut due = self.due(campaign, now, usize::MAX).await?;
        due.retain(|one| customers.contains(&one.customer));
        Ok(due)
    }
    async fn next_due_after(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, WorklistError> {
        let due = self
            .due(campaign, Timestamp::from_micros(i64::MAX), usize::MAX)
            .await?;
        Ok(due.into_iter().map(|one| one.due_at).filter(|at| *at > now).min())
    }
    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError> {
        let open = self
            .rows()
            .calls
            .into_values()
            .filter(|one| one.dialed_at.is_none() && !one.released);
        Ok(open.map(|one| one.grant).take(limit).collect())
    }
    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError> {
        let open = self.rows().calls.into_values().filter(|one| one.ended.is_none());
        let row = |one: FakeCallRow| {
            let dialed_at = one.dialed_at?;
            let OpenGrant {
                call,
                campaign,
                customer,
                number,
                ..
            } = one.grant;
            Some(OpenCall {
                call,
                campaign,
                customer,
                number,
                dialed_at,
            })
        };
        Ok(open.filter_map(row).take(limit).collect())
    }
    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError> {
        let unclosed = self.rows().calls.into_values().filter_map(|one| {
            let (ended, disposition) = one.ended?;
            if disposition == Disposition::Withdrawn || (one.closed.customer && one.closed.number) {
                return None;
            }
            Some(UnclosedCall {
                call: one.grant.call,
                customer: one.grant.customer,
                number: one.grant.number,
                ended,
                customer_closed: one.closed.customer,
                number_closed: one.closed.number,
            })
        });
        Ok(unclosed.take(limit).collect())
    }
    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError> {
        let rows = self.rows();
        let is_over = |status: &CampaignRowStatus| {
            matches!(status, CampaignRowStatus::Stopped | CampaignRowStatus::Completed)
        };
        let unfinished = rows.campaigns.iter().filter(|(_, status)| !is_over(status));
        let row = |(campaign, status): (&CampaignId, &CampaignRowStatus)| {
            let of_campaign = || {
                rows.enrolments
                    .iter()
                    .filter(|((of, _), _)| of == campaign)
                    .map(|(_, row)| row)
            };
            let open = |one: &&FakeCallRow| {
                &one.grant.campaign == campaign
                    && !one.released
                    && !(one.ended.is_some() && one.closed.customer)
            };
            CampaignWork {
                campaign: campaign.clone(),
                running: *status == CampaignRowStatus::Running,
                enrolled_count: of_campaign().count() as u64,
                settled_count: of_campaign().filter(|row| row.settled).count() as u64,
                open_count: rows.calls.values().filter(open).count() as u64,
                next_due_at: of_campaign().filter_map(|row| row.due_at).min(),
                start_scheduled: *status == CampaignRowStatus::Scheduled,
            }
        };
        Ok(unfinished.map(row).collect())
    }
    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError> {
        let rows = self.rows();
        let is_stopped =
            |campaign: &CampaignId| rows.campaigns.get(campaign) == Some(&CampaignRowStatus::Stopped);
        let waiting = rows
            .enrolments
            .iter()
            .filter(|((campaign, _), one)| one.callback && is_stopped(campaign));
        let due = waiting.filter_map(|((campaign, customer), one)| {
            Some(DueEnrolment {
                campaign: campaign.clone(),
                customer: customer.clone(),
                number: one.number.clone(),
                due_at: one.due_at?,
            })
        });
        Ok(due.take(limit).collect())
    }
}
