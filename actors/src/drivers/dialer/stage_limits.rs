//! Stages in the dialer: which due enrolments may be asked for in a campaign's stage, which dials of a batch
//! were never begun, and until when a stage waits. The campaign decides; this only avoids useless requests.

use crate::drivers::driver_context::DriverContext;
use crate::drivers::live_calls::LiveCalls;
use domain::campaign::{Gates, StageWaitReason};
use domain::ids::{CampaignId, CustomerId, EnrolmentId};
use domain::ports::worklist::{DueEnrolment, WorklistError};
use domain::time::Timestamp;
use std::sync::Arc;

/// How far ahead the next due customers of a full test stage are looked for, in milliseconds. Earlier
/// changes come with an event or the end of a worker, which start a round.
const LOOK_AHEAD_MS: u64 = 60_000;

/// What the campaign's stage leaves of the due enrolments.
pub(super) enum StageSelection {
    Due(Vec<DueEnrolment>),
    /// No dial is requested before this time.
    Waits(Timestamp),
}

/// Applies the limits of the campaign's stage. A full test dials only the customers that it admitted, who
/// may be far behind others in the order. A pilot that has placed its calls of the day waits for the next
/// day.
pub(super) async fn select_due_by_stage(
    kit: &DriverContext,
    campaign: &CampaignId,
    gates: &Gates,
    due: Vec<DueEnrolment>,
) -> Result<StageSelection, WorklistError> {
    let now = kit.now();
    match gates.waiting(now) {
        None => Ok(StageSelection::Due(due)),
        Some(StageWaitReason::DayIsFull { until }) => {
            let unused = kit.live.unused(campaign);
            if gates.of_today(&unused, now) > 0 {
                return Ok(StageSelection::Due(due));
            }
            kit.live.forget_unused(campaign, unused.len());
            Ok(StageSelection::Waits(until))
        }
        Some(StageWaitReason::TestIsFull) => {
            let admitted: Vec<CustomerId> = gates.admitted().cloned().collect();
            let horizon = now.plus_ms(LOOK_AHEAD_MS);
            let soon = kit.ports.worklist.due_of(campaign, &admitted, horizon).await?;
            let (mut due, later): (Vec<_>, Vec<_>) = soon.into_iter().partition(|one| one.due_at <= now);
            due.retain(|one| !kit.live.is_taken(&enrolment(one), now));
            Ok(match due.is_empty() {
                true => StageSelection::Waits(later.iter().map(|one| one.due_at).min().unwrap_or(horizon)),
                false => StageSelection::Due(due),
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

/// Returns the customers to name when a batch is requested: all due ones in the test stage, otherwise none.
pub(super) fn people(gates: &Gates, due: &[DueEnrolment]) -> Vec<CustomerId> {
    let named = due.iter().filter(|_| gates.is_test());
    named.map(|one| one.customer.clone()).collect()
}

/// Returns the due enrolments of customers that the stage admits.
pub(super) fn retain_admitted(gates: &Gates, mut due: Vec<DueEnrolment>) -> Vec<DueEnrolment> {
    due.retain(|one| gates.admits(&one.customer));
    due
}

/// Counts the dials of a batch that are not begun, and stores their number in `LiveCalls` when it is
/// dropped. Only a stage that counts dials (the pilot) needs it.
pub(super) struct UnusedDials {
    live: Arc<LiveCalls>,
    campaign: CampaignId,
    until: Timestamp,
    left: usize,
}

impl UnusedDials {
    pub(super) fn of(
        kit: &DriverContext,
        campaign: CampaignId,
        gates: &Gates,
        until: Timestamp,
        count: usize,
    ) -> Self {
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

impl Drop for UnusedDials {
    fn drop(&mut self) {
        for _ in 0..self.left {
            self.live.note_unused(&self.campaign, self.until);
        }
    }
}
