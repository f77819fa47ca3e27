//! Pacing of campaigns for agents: how many dials to ask for, and the record of abandoned calls that bounds
//! them.
//!
//! The pacer's memory belongs to this process and may be lost; it then learns the answer rate again, starting
//! cautiously. The record is durable: before a batch is asked for, the calls that ended since its last entry
//! are counted from the log and recorded on the campaign. Only the campaign's decider enforces it.

use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::pacers::{TICK_MS, by_age};
use domain::abandonment::AbandonmentCounts;
use domain::calendar::HOUR_MICROS;
use domain::call::event::CallEvent;
use domain::calling_plan::{CampaignFacts, Preset};
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::dialing_plan::{AgentFloorSnapshot, DialingMode, DialingPlan};
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId};
use domain::ports::agents::AgentFloor;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use pacing::floor::FloorSnapshot;
use std::collections::BTreeSet;

/// The number of dials to request from a campaign, and for agents the state of agents and calls.
pub(super) struct DialDemand {
    pub(super) floor: Option<AgentFloorSnapshot>,
    pub(super) wanted: u32,
}

impl DialDemand {
    /// Makes a request of a campaign without agents: robots take as many calls as the lines carry.
    pub(super) const fn of_robots(wanted: u32) -> Self {
        Self { floor: None, wanted }
    }
}

/// Returns how many of `wanted` dials to request: none while records are slow and no abandoned call is
/// allowed, or if no agents are known.
pub(super) fn wish(
    kit: &DriverContext,
    state: &CampaignState,
    facts: &CampaignFacts,
    wanted: u32,
    now: Timestamp,
) -> DialDemand {
    let dialing = facts.plan.dialing.unwrap_or_default();
    if !dialing.mode.needs_agents() {
        return DialDemand::of_robots(wanted);
    }
    let campaign = &facts.campaign;
    if waits_for_records(kit, state, now) {
        return DialDemand {
            floor: None,
            wanted: 0,
        };
    }
    let Some(agents) = kit
        .ports
        .agents
        .as_ref()
        .and_then(|agents| agents.floor(campaign, now))
    else {
        return DialDemand {
            floor: None,
            wanted: 0,
        };
    };
    let (ages_ms, waiting) = kit.live.ringing(&kit.pacers.campaigns(), now);
    let floor = AgentFloorSnapshot {
        agents: agents.agents(),
        free: agents.free,
        ringing: u32::try_from(ages_ms.len()).unwrap_or(u32::MAX),
        waiting,
    };
    let wished = match dialing.mode {
        DialingMode::Batch | DialingMode::Progressive | DialingMode::Callback | DialingMode::Preview => {
            floor.progressive()
        }
        DialingMode::Predictive => {
            let seen = paced_floor(state, dialing, &agents, floor, &ages_ms, now);
            let (own_ms, _) = kit.live.ringing(&BTreeSet::from([campaign.clone()]), now);
            kit.pacers.wish(campaign, &seen, &by_age(&own_ms), now)
        }
    };
    DialDemand {
        floor: Some(floor),
        wanted: wanted.min(wished),
    }
}

fn paced_floor(
    state: &CampaignState,
    dialing: DialingPlan,
    agents: &AgentFloor,
    floor: AgentFloorSnapshot,
    ages_ms: &[u64],
    now: Timestamp,
) -> FloorSnapshot {
    let AbandonmentCounts { answers, drops } = state.account().window(now);
    let half_seconds = |talked_ms: &u64| u32::try_from(talked_ms / TICK_MS).unwrap_or(u32::MAX);
    FloorSnapshot {
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

/// Returns true if no further abandoned call is allowed and records are slow. A campaign for agents then
/// dials nothing: a callee would wait for the record of the answer, however many agents are free.
pub(crate) fn waits_for_records(kit: &DriverContext, state: &CampaignState, now: Timestamp) -> bool {
    let dialing = state.plan().and_then(|plan| plan.dialing).unwrap_or_default();
    dialing.mode.needs_agents()
        && kit.is_slow_on_record(now)
        && state.account().budget(now, dialing.holds_each_day) <= 0
}

/// Returns when to look again at a campaign for agents; `None` for other campaigns.
pub(super) fn next_tick(plan_mode: DialingMode, now: Timestamp) -> Option<Timestamp> {
    plan_mode.needs_agents().then(|| now.plus_ms(TICK_MS))
}

/// Counts the answered and abandoned calls that ended since the campaign's last record of them, and stores
/// the counts on the campaign, before a batch is requested. Does nothing for campaigns without agents.
pub(super) async fn account(
    kit: &DriverContext,
    state: &CampaignState,
    facts: &CampaignFacts,
) -> Result<(), Halt> {
    if !facts.plan.dialing_mode().needs_agents() {
        return Ok(());
    }
    let campaign = &facts.campaign;
    kit.pacers.begin(campaign);
    let looked = kit.pacers.counted_through(campaign);
    let mut after = state.accounted_through().max(looked).unwrap_or_default();
    let presets: Vec<Preset> = facts.plan.presets().collect();
    let store = kit.environment.store.as_ref();
    let filter = EventFilter {
        kinds: vec![CallEvent::ENDED.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    loop {
        let read = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await;
        let page = read.map_err(|error| {
            tracing::warn!(%campaign, %error, "ended calls cannot be counted: no call is dialed");
            Halt::Unavailable
        })?;
        for counted in counted(kit, &presets, &page.events).await? {
            record(kit, campaign, counted).await?;
        }
        if page.reached == after {
            break;
        }
        after = page.reached;
        kit.pacers.counted(campaign, after);
    }
    Ok(())
}

/// Numbers of answered and abandoned calls that ended in one hour, consecutive in the log.
struct EndedCallCounts {
    answered: AbandonmentCounts,
    ended_at: Timestamp,
    through: Position,
}

async fn counted(
    kit: &DriverContext,
    presets: &[Preset],
    events: &[StoredEvent],
) -> Result<Vec<EndedCallCounts>, Halt> {
    let mut hours: Vec<EndedCallCounts> = Vec::new();
    for event in events {
        let envelope = event.envelope().map_err(|error| {
            tracing::error!(%error, "an ended call cannot be read: no call is dialed");
            Halt::Fault
        })?;
        let call: CallId = envelope.stream.id().parse().map_err(|_not_a_call| Halt::Fault)?;
        let loaded = kit.state(&kit.system.calls, &call).await?;
        let found = loaded.state.counted(presets);
        let same_hour = |one: &EndedCallCounts| {
            one.ended_at.micros().div_euclid(HOUR_MICROS) == envelope.at.micros().div_euclid(HOUR_MICROS)
        };
        match hours.last_mut().filter(|one| same_hour(one)) {
            Some(one) => {
                one.answered.answers += found.answers;
                one.answered.drops += found.drops;
                (one.ended_at, one.through) = (envelope.at, event.position);
            }
            None => hours.push(EndedCallCounts {
                answered: found,
                ended_at: envelope.at,
                through: event.position,
            }),
        }
    }
    Ok(hours)
}

async fn record(kit: &DriverContext, campaign: &CampaignId, counted: EndedCallCounts) -> Result<(), Halt> {
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
