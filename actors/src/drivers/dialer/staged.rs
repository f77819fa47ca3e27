//! The dialer of a campaign that goes live in stages: who of the due is asked for, what of a batch was never
//! begun, and until when nobody is. The campaign decides; this only asks it no more than makes sense.

use crate::drivers::kit::Kit;
use crate::drivers::live_calls::LiveCalls;
use domain::campaign::{Gates, Waiting};
use domain::ids::{CampaignId, CustomerId, EnrolmentId};
use domain::ports::worklist::{DueEnrolment, WorklistError};
use domain::time::Timestamp;
use std::sync::Arc;

/// How far ahead it is looked for whom a full test has due next. What changes that before is an event, or a
/// worker who leaves: both begin a round.
const LOOK_AHEAD_MS: u64 = 60_000;

/// What a stage leaves of the due.
pub(super) enum Staged {
    Due(Vec<DueEnrolment>),
    /// Nobody is to be asked for before that.
    Waits(Timestamp),
}

/// A test that is full goes on only with those whom it admitted, who may stand far behind others in the
/// order; a pilot whose day is over asks for nobody before the next.
pub(super) async fn of_stage(
    kit: &Kit,
    campaign: &CampaignId,
    gates: &Gates,
    due: Vec<DueEnrolment>,
) -> Result<Staged, WorklistError> {
    let now = kit.now();
    match gates.waiting(now) {
        None => Ok(Staged::Due(due)),
        Some(Waiting::DayIsFull { until }) => {
            let unused = kit.live.unused(campaign);
            if gates.of_today(&unused, now) > 0 {
                return Ok(Staged::Due(due));
            }
            kit.live.forget_unused(campaign, unused.len());
            Ok(Staged::Waits(until))
        }
        Some(Waiting::TestIsFull) => {
            let admitted: Vec<CustomerId> = gates.admitted().cloned().collect();
            let horizon = now.plus_ms(LOOK_AHEAD_MS);
            let soon = kit.ports.worklist.due_of(campaign, &admitted, horizon).await?;
            let (mut due, later): (Vec<_>, Vec<_>) = soon.into_iter().partition(|one| one.due_at <= now);
            due.retain(|one| !kit.live.is_taken(&enrolment(one), now));
            Ok(match due.is_empty() {
                true => Staged::Waits(later.iter().map(|one| one.due_at).min().unwrap_or(horizon)),
                false => Staged::Due(due),
            })
        }
    }
}

fn enrolment(due: &DueEnrolment) -> EnrolmentId {
    EnrolmentId {
        campaign: due.campaign.clone(),
        customer: due.customer.clone(),
    }
}

/// Who is named when a batch is asked for: only a test wants to know.
pub(super) fn people(gates: &Gates, due: &[DueEnrolment]) -> Vec<CustomerId> {
    let named = due.iter().filter(|_| gates.is_test());
    named.map(|one| one.customer.clone()).collect()
}

/// Whom the batch is for.
pub(super) fn admitted(gates: &Gates, mut due: Vec<DueEnrolment>) -> Vec<DueEnrolment> {
    due.retain(|one| gates.admits(&one.customer));
    due
}

/// What of a batch is not begun, noted when it goes out of sight: only a pilot counts its dials.
pub(super) struct Given {
    live: Arc<LiveCalls>,
    campaign: CampaignId,
    until: Timestamp,
    left: usize,
}

impl Given {
    pub(super) fn of(kit: &Kit, campaign: CampaignId, gates: &Gates, until: Timestamp, count: usize) -> Self {
        Self {
            live: Arc::clone(&kit.live),
            campaign,
            until,
            left: if gates.counts_dials() { count } else { 0 },
        }
    }

    pub(super) const fn begun(&mut self) {
        self.left = self.left.saturating_sub(1);
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        for _ in 0..self.left {
            self.live.note_unused(&self.campaign, self.until);
        }
    }
}
