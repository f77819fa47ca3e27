//! The pacers of running campaigns for agents: what each has learned since its last tick, and how many dials
//! it wants.
//!
//! They are only in memory; a lost pacer starts again cautiously.

use domain::ids::CampaignId;
use domain::stored_event::Position;
use domain::time::Timestamp;
use pacing::floor::{FloorSnapshot, Pacer, RING_AGES, TickEvents, TimeDistributions};
use pacing::pacer::PredictivePacer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Time between two decisions of a campaign's pacer, in milliseconds (`docs/pacing.md`).
pub(crate) const TICK_MS: u64 = 500;

/// Most missed ticks that a pacer is given at once: calls that rang longer ago have ended.
const TICKS_MAX: u64 = RING_AGES as u64;

/// The pacers of the running campaigns for agents.
#[derive(Default)]
pub(crate) struct Pacers(Mutex<BTreeMap<CampaignId, CampaignPacer>>);

#[derive(Default)]
struct CampaignPacer {
    pacer: Option<PredictivePacer>,
    tick_events: TickEvents,
    ticked_at: Option<Timestamp>,
    /// Position up to which ended calls were counted; `None` if none were. It may be after the campaign's
    /// last stored counts if no later call was answered by a person.
    counted_through: Option<Position>,
}

impl Pacers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<CampaignId, CampaignPacer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, campaign: &CampaignId, note: impl FnOnce(&mut TickEvents)) {
        if let Some(paced) = self.lock().get_mut(campaign) {
            note(&mut paced.tick_events);
        }
    }

    pub(crate) fn answered(&self, campaign: &CampaignId) {
        self.note(campaign, |tick| tick.answers = tick.answers.saturating_add(1));
    }

    pub(crate) fn served(&self, campaign: &CampaignId) {
        self.note(campaign, |tick| tick.served = tick.served.saturating_add(1));
    }

    pub(crate) fn note_dropped(&self, campaign: &CampaignId) {
        self.note(campaign, |tick| tick.drops = tick.drops.saturating_add(1));
    }

    /// Removes the pacers of campaigns that no longer run.
    pub(crate) fn keep(&self, is_running: impl Fn(&CampaignId) -> bool) {
        self.lock().retain(|campaign, _| is_running(campaign));
    }

    /// Makes the pacer entry of a campaign for agents, if it is missing.
    pub(crate) fn begin(&self, campaign: &CampaignId) {
        self.lock().entry(campaign.clone()).or_default();
    }

    /// Returns all campaigns with a pacer. They share agents: a call that rings for one may take the agent
    /// that another needs.
    pub(crate) fn campaigns(&self) -> BTreeSet<CampaignId> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn counted_through(&self, campaign: &CampaignId) -> Option<Position> {
        self.lock().get(campaign).and_then(|paced| paced.counted_through)
    }

    /// Stores the position up to which the campaign's ended calls were counted.
    pub(crate) fn counted(&self, campaign: &CampaignId, through: Position) {
        self.lock().entry(campaign.clone()).or_default().counted_through = Some(through);
    }

    /// Returns the number of dials that the pacer wants at this tick; 0 between two ticks. It learns from
    /// the campaign's `own` ringing calls, and computes with all calls in `floor` that ring for its agents.
    pub(crate) fn wish(
        &self,
        campaign: &CampaignId,
        floor: &FloorSnapshot,
        own: &[u32],
        now: Timestamp,
    ) -> u32 {
        let mut pacers = self.lock();
        let paced = pacers.entry(campaign.clone()).or_default();
        let since_ms = paced.ticked_at.map_or(TICK_MS, |at| now.ms_since(at));
        if since_ms < TICK_MS {
            return 0;
        }
        paced.ticked_at = Some(now);
        let pacer = paced
            .pacer
            .get_or_insert_with(|| PredictivePacer::new(TimeDistributions::default()));
        // Calls that ring now rang at each of the passed ticks too; their answers are known only as a sum.
        let ticks = (since_ms / TICK_MS).clamp(1, TICKS_MAX);
        for tick in (1..=ticks).rev() {
            let events = if tick == 1 {
                std::mem::take(&mut paced.tick_events)
            } else {
                TickEvents::default()
            };
            pacer.record_events(&younger(own, tick), events);
        }
        pacer.dials(floor)
    }
}

/// Returns the numbers of ringing calls by age as they were `ticks` ticks ago.
fn younger(ringing: &[u32], ticks: u64) -> Vec<u32> {
    let ticks = usize::try_from(ticks).unwrap_or(usize::MAX);
    let mut before: Vec<u32> = ringing.iter().skip(ticks).copied().collect();
    before.resize(RING_AGES, 0);
    before
}

/// Returns the numbers of ringing calls by age in half seconds. Higher ages count as the oldest.
pub(crate) fn by_age(ages_ms: &[u64]) -> Vec<u32> {
    let mut ringing = vec![0; RING_AGES];
    for age_ms in ages_ms {
        let age = usize::try_from(age_ms / TICK_MS).unwrap_or(usize::MAX);
        if let Some(calls) = ringing.get_mut(age.min(RING_AGES - 1)) {
            *calls += 1;
        }
    }
    ringing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_half_seconds_and_what_is_too_old_is_the_oldest() {
        let ringing = by_age(&[0, 499, 500, 1_200, 3_600_000]);
        assert_eq!(&ringing[..3], [2, 1, 1]);
        assert_eq!(ringing[RING_AGES - 1], 1);
        assert_eq!(younger(&ringing, 1)[..2], [1, 1]);
        assert_eq!(younger(&ringing, 1).len(), RING_AGES);
    }

    #[test]
    fn a_pacer_decides_once_a_tick() {
        let pacers = Pacers::default();
        let campaign: CampaignId = "c1".parse().unwrap();
        let floor = FloorSnapshot {
            agents: 4,
            free: 3,
            waiting: 0,
            talking: Vec::new(),
            wrapping: 1,
            ringing: vec![0; RING_AGES],
            budget: 0,
            answers: 0,
            drops: 0,
        };
        let now: Timestamp = "2026-03-02T02:00:00Z".parse().unwrap();
        assert!(pacers.wish(&campaign, &floor, &floor.ringing, now) >= 3);
        assert_eq!(
            pacers.wish(&campaign, &floor, &floor.ringing, now.plus_ms(499)),
            0
        );
        assert!(pacers.wish(&campaign, &floor, &floor.ringing, now.plus_ms(500)) >= 3);
    }
}
