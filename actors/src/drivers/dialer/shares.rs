//! Shares the lines among campaigns by weight (max-min fairness), including the calls each already has. What
//! one campaign cannot use goes to the others in the same round.

use crate::drivers::driver_context::DriverContext;
use crate::drivers::facts::calendars;
use domain::ids::CampaignId;
use domain::ports::worklist::CampaignWork;
use domain::sharing::{SlotDemand, shares};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most customers of one campaign that count as waiting: as many as a round reads.
const WAITING_MAX: u64 = 256;

/// How many further dials each campaign may begin in this round. Contains only campaigns that want more
/// than their share.
#[derive(Debug, Default)]
pub(super) struct DialShares {
    limited: BTreeMap<CampaignId, usize>,
}

impl DialShares {
    /// Computes the shares. With fewer than two running campaigns nothing is limited.
    pub(super) async fn of(
        kit: &DriverContext,
        running: &[CampaignWork],
        free: usize,
        now: Timestamp,
    ) -> Self {
        if running.len() < 2 {
            return Self::default();
        }
        let mut claims = Vec::with_capacity(running.len());
        let mut places = u32::try_from(free).unwrap_or(u32::MAX);
        for work in running {
            let on_lines = kit.live.open_count(&work.campaign);
            places = places.saturating_add(on_lines);
            claims.push((work, on_lines, claim(kit, work, on_lines, now).await));
        }
        let wishes: Vec<SlotDemand> = claims.iter().map(|(_, _, claim)| *claim).collect();
        let given = shares(places, &wishes);
        let limited = claims
            .iter()
            .zip(given)
            .filter(|((_, _, claim), given)| given < &claim.wants);
        let further = |((work, on_lines, _), given): (&(&CampaignWork, u32, SlotDemand), u32)| {
            let more = usize::try_from(given.saturating_sub(*on_lines)).unwrap_or(usize::MAX);
            (work.campaign.clone(), more)
        };
        Self {
            limited: limited.map(further).collect(),
        }
    }

    /// Returns the most dials that this campaign may begin in this round; `usize::MAX` if it is not
    /// limited.
    pub(super) fn most(&self, campaign: &CampaignId) -> usize {
        self.limited.get(campaign).copied().unwrap_or(usize::MAX)
    }

    pub(super) fn is_limited(&self, campaign: &CampaignId) -> bool {
        self.limited.contains_key(campaign)
    }
}

/// Returns a campaign's demand for line slots: its calls in progress and the dials that it would add. It
/// adds none while its calling window is closed or its stage waits.
async fn claim(kit: &DriverContext, work: &CampaignWork, on_lines: u32, now: Timestamp) -> SlotDemand {
    let none = SlotDemand {
        weight: 1,
        wants: on_lines,
    };
    let is_due = work.next_due_at.is_some_and(|at| at <= now);
    // No call on the lines and none due: the plan changes nothing and is not read in each round.
    if !is_due && on_lines == 0 {
        return none;
    }
    let Ok(loaded) = kit.state(&kit.system.campaigns, &work.campaign).await else {
        return none;
    };
    let Some(plan) = loaded.state.plan() else {
        return none;
    };
    let calendars = calendars(kit, plan).await.unwrap_or_default();
    let closed = loaded.state.judged_closed_until(&calendars, now);
    let waits = closed.is_some() || loaded.state.gates().waiting(now).is_some();
    let share = plan.running.as_deref().and_then(|running| running.share);
    let settled = work.settled_count.saturating_add(work.open_count);
    let waiting = work.enrolled_count.saturating_sub(settled);
    let due = u32::try_from(waiting.min(WAITING_MAX)).unwrap_or(u32::MAX);
    let more = if is_due && !waits { due } else { 0 };
    SlotDemand {
        weight: share.unwrap_or(1),
        wants: on_lines
            .saturating_add(more)
            .min(plan.max_concurrent.max(on_lines)),
    }
}
