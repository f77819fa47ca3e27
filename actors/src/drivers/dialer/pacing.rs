//! Campaigns whose calls agents take: how many dials to wish for, and the account that their grants stand on.
//!
//! The pacer's memory is of this process and may be lost: it learns the answer rate anew, from the careful
//! side. The account is not: before a batch is asked for, the calls that ended since the account's last event
//! are counted from the log and recorded on the campaign, whose decider alone is bound by it.

use crate::drivers::kit::{Halt, Kit};
use domain::abandonment::Answered;
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::calling_plan::{CampaignFacts, Preset};
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::dialing_plan::{DialingMode, DialingPlan, FloorSeen};
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId};
use domain::ports::agents::AgentFloor;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use pacing::floor::{Floor, Pacer, RING_AGES, Shape, Told};
use pacing::pacer::Ledgerline;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a pacer decides (`docs/pacing.md`).
pub(super) const TICK_MS: u64 = 500;

/// Ticks that a pacer is told of at once at most: what rang longer ago has ended.
const TICKS_MAX: u64 = RING_AGES as u64;

/// The pacers of running campaigns; those of others are forgotten.
#[derive(Default)]
pub(crate) struct Pacers(Mutex<BTreeMap<CampaignId, Paced>>);

#[derive(Default)]
struct Paced {
    pacer: Option<Ledgerline>,
    told: Told,
    ticked_at: Option<Timestamp>,
    /// Up to where ended calls were looked at: beyond the account where none of them was a person's.
    counted_through: Option<Position>,
}

impl Pacers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<CampaignId, Paced>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, campaign: &CampaignId, note: impl FnOnce(&mut Told)) {
        if let Some(paced) = self.lock().get_mut(campaign) {
            note(&mut paced.told);
        }
    }

    pub(crate) fn answered(&self, campaign: &CampaignId) {
        self.note(campaign, |told| told.answers = told.answers.saturating_add(1));
    }

    pub(crate) fn served(&self, campaign: &CampaignId) {
        self.note(campaign, |told| told.served = told.served.saturating_add(1));
    }

    pub(crate) fn dropped(&self, campaign: &CampaignId) {
        self.note(campaign, |told| told.drops = told.drops.saturating_add(1));
    }

    /// Forgets who does not run any more.
    pub(super) fn keep(&self, is_running: impl Fn(&CampaignId) -> bool) {
        self.lock().retain(|campaign, _| is_running(campaign));
    }

    /// What the pacer wishes at this tick; 0 between two.
    fn wish(&self, campaign: &CampaignId, floor: &Floor, now: Timestamp) -> u32 {
        let mut pacers = self.lock();
        let paced = pacers.entry(campaign.clone()).or_default();
        let since_ms = paced.ticked_at.map_or(TICK_MS, |at| now.ms_since(at));
        if since_ms < TICK_MS {
            return 0;
        }
        paced.ticked_at = Some(now);
        let pacer = paced
            .pacer
            .get_or_insert_with(|| Ledgerline::new(Shape::default()));
        // What rings now rang through each of the ticks that passed; the answers of all of them are one sum.
        let ticks = (since_ms / TICK_MS).clamp(1, TICKS_MAX);
        for tick in (1..=ticks).rev() {
            let told = if tick == 1 {
                std::mem::take(&mut paced.told)
            } else {
                Told::default()
            };
            pacer.told(&younger(&floor.ringing, tick), told);
        }
        pacer.dials(floor)
    }
}

/// Ages so many ticks ago, of those who rang then.
fn younger(ringing: &[u32], ticks: u64) -> Vec<u32> {
    let ticks = usize::try_from(ticks).unwrap_or(usize::MAX);
    let mut before: Vec<u32> = ringing.iter().skip(ticks).copied().collect();
    before.resize(RING_AGES, 0);
    before
}

/// Calls by age in half seconds. What is older than a pacer looks at counts as the oldest.
fn by_age(ages_ms: &[u64]) -> Vec<u32> {
    let mut ringing = vec![0; RING_AGES];
    for age_ms in ages_ms {
        let age = usize::try_from(age_ms / TICK_MS).unwrap_or(usize::MAX);
        if let Some(calls) = ringing.get_mut(age.min(RING_AGES - 1)) {
            *calls += 1;
        }
    }
    ringing
}

/// The floor as the campaign is told of it, and how many dials to ask leave for.
pub(super) struct Wish {
    pub(super) floor: Option<FloorSeen>,
    pub(super) wanted: u32,
}

/// How many of `wanted` dials to ask leave for. Robots take as many as lines carry.
pub(super) fn wish(
    kit: &Kit,
    state: &CampaignState,
    facts: &CampaignFacts,
    wanted: u32,
    now: Timestamp,
) -> Wish {
    let dialing = facts.plan.dialing.unwrap_or_default();
    if !dialing.mode.needs_agents() {
        return Wish { floor: None, wanted };
    }
    let campaign = &facts.campaign;
    let Some(agents) = kit
        .ports
        .agents
        .as_ref()
        .and_then(|agents| agents.floor(campaign, now))
    else {
        return Wish {
            floor: None,
            wanted: 0,
        };
    };
    let (ages_ms, waiting) = kit.live.ringing(campaign, now);
    let floor = FloorSeen {
        agents: agents.agents(),
        free: agents.free,
        ringing: u32::try_from(ages_ms.len()).unwrap_or(u32::MAX),
        waiting,
    };
    let wished = match dialing.mode {
        DialingMode::Batch | DialingMode::Progressive => floor.progressive(),
        DialingMode::Predictive => {
            let seen = paced_floor(state, dialing, &agents, floor, &ages_ms, now);
            kit.pacers.wish(campaign, &seen, now)
        }
    };
    Wish {
        floor: Some(floor),
        wanted: wanted.min(wished),
    }
}

fn paced_floor(
    state: &CampaignState,
    dialing: DialingPlan,
    agents: &AgentFloor,
    floor: FloorSeen,
    ages_ms: &[u64],
    now: Timestamp,
) -> Floor {
    let Answered { answers, drops } = state.account().window(now);
    let half_seconds = |talked_ms: &u64| u32::try_from(talked_ms / TICK_MS).unwrap_or(u32::MAX);
    Floor {
        agents: floor.agents,
        free: floor.free,
        waiting: floor.waiting,
        talking: agents.talking_ms.iter().map(half_seconds).collect(),
        wrapping: agents.wrapping,
        ringing: by_age(ages_ms),
        budget: state.account().budget(now, dialing.holds_each_day),
        answers,
        drops,
    }
}

/// When to look again at a campaign whose calls agents take.
pub(super) fn next_tick(plan_mode: DialingMode, now: Timestamp) -> Option<Timestamp> {
    plan_mode.needs_agents().then(|| now.plus_ms(TICK_MS))
}

/// Counts the calls that ended since the account stands, and records them before anybody is dialed.
pub(super) async fn account(kit: &Kit, state: &CampaignState, facts: &CampaignFacts) -> Result<(), Halt> {
    if !facts.plan.dialing_mode().needs_agents() {
        return Ok(());
    }
    let campaign = &facts.campaign;
    let looked = kit
        .pacers
        .lock()
        .get(campaign)
        .and_then(|paced| paced.counted_through);
    let mut after = state.accounted_through().max(looked).unwrap_or_default();
    let store = kit.environment.store.as_ref();
    let filter = EventFilter {
        kinds: vec![CallEvent::ENDED.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    loop {
        let read = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await;
        let page = read.map_err(|error| {
            tracing::warn!(%campaign, %error, "ended calls cannot be counted: nobody is dialed");
            Halt::Unavailable
        })?;
        for counted in counted(kit, facts.plan.preset, &page.events).await? {
            record(kit, campaign, counted).await?;
        }
        if page.reached == after {
            break;
        }
        after = page.reached;
        let mut pacers = kit.pacers.lock();
        pacers.entry(campaign.clone()).or_default().counted_through = Some(after);
    }
    Ok(())
}

/// What was counted of calls in a row that ended in one hour.
struct Counted {
    answered: Answered,
    ended_at: Timestamp,
    through: Position,
}

async fn counted(kit: &Kit, preset: Preset, events: &[StoredEvent]) -> Result<Vec<Counted>, Halt> {
    let mut hours: Vec<Counted> = Vec::new();
    for event in events {
        let envelope = event.envelope().map_err(|error| {
            tracing::error!(%error, "an ended call cannot be read: nobody is dialed");
            Halt::Fault
        })?;
        let call: CallId = envelope.stream.id().parse().map_err(|_not_a_call| Halt::Fault)?;
        let loaded = kit.state(&kit.system.calls, &call).await?;
        let found = loaded.state.counted(preset);
        let same_hour = |one: &Counted| {
            one.ended_at.micros().div_euclid(HOUR_MICROS) == envelope.at.micros().div_euclid(HOUR_MICROS)
        };
        match hours.last_mut().filter(|one| same_hour(one)) {
            Some(one) => {
                one.answered.answers += found.answers;
                one.answered.drops += found.drops;
                (one.ended_at, one.through) = (envelope.at, event.position);
            }
            None => hours.push(Counted {
                answered: found,
                ended_at: envelope.at,
                through: event.position,
            }),
        }
    }
    Ok(hours)
}

async fn record(kit: &Kit, campaign: &CampaignId, counted: Counted) -> Result<(), Halt> {
    if counted.answered.answers == 0 {
        return Ok(());
    }
    let command = CampaignCommand::RecordAbandonment {
        counted: counted.answered,
        ended_at: counted.ended_at,
        through: counted.through,
    };
    kit.ask(&kit.system.campaigns, campaign, command, kit.fresh_cause())
        .await?;
    Ok(())
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
        let floor = Floor {
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
        assert!(pacers.wish(&campaign, &floor, now) >= 3);
        assert_eq!(pacers.wish(&campaign, &floor, now.plus_ms(499)), 0);
        assert!(pacers.wish(&campaign, &floor, now.plus_ms(500)) >= 3);
    }
}
