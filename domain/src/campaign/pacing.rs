//! Sizes a batch of a campaign with agents, by the free agents and the abandonment account.
//!
//! The pacer requests a number of dials and the campaign decides. If the account allows no further abandoned
//! call, it grants one call per free agent. Below 34 answers, three of a hundred allow no abandoned call yet.
//! If the agents' state is unknown, it grants nothing.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::abandonment::AbandonmentCounts;
use crate::dialing_plan::{AgentFloorSnapshot, BatchPacing, DialingMode};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

/// Returns how many of the wanted dials a campaign with agents may be granted, and the facts that decided
/// it. Without agents: all wanted, and no facts. Refused with `NoFloor` if the agents' state is unknown,
/// with `NoFreeAgent` if the number is 0.
pub(super) fn size_batch(
    state: &CampaignState,
    wanted: u32,
    floor: Option<AgentFloorSnapshot>,
    now: Timestamp,
) -> Result<(u32, Option<Box<BatchPacing>>), CampaignRefusal> {
    let plan = state.plan().and_then(|plan| plan.dialing).unwrap_or_default();
    if !plan.mode.needs_agents() || wanted == 0 {
        return Ok((wanted, None));
    }
    let floor = floor.ok_or(CampaignRefusal::NoFloor)?;
    let budget = state.account().budget(now, plan.holds_each_day);
    let counts_on_answers = plan.mode == DialingMode::Predictive && floor.agents > 0 && budget > 0;
    let count = if counts_on_answers {
        wanted
    } else {
        wanted.min(floor.progressive())
    };
    if count == 0 {
        return Err(CampaignRefusal::NoFreeAgent {
            free: floor.free,
            ringing: floor.ringing,
            waiting: floor.waiting,
        });
    }
    let window = state.account().window(now);
    let paced = BatchPacing {
        mode: plan.mode,
        floor,
        wished: wanted,
        answers: window.answers,
        drops: window.drops,
        budget,
    };
    Ok((count, Some(Box::new(paced))))
}

/// Adds answered and abandoned calls, counted in the log up to `through`, to the campaign's abandonment
/// account. No event without answers or if `through` is not after the account's position. Refused for a
/// campaign without agents.
pub(super) fn record(
    state: &CampaignState,
    counted: AbandonmentCounts,
    ended_at: Timestamp,
    through: Position,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    if !state
        .plan()
        .is_some_and(|plan| plan.dialing_mode().needs_agents())
    {
        return Err(CampaignRefusal::NoAccount);
    }
    let AbandonmentCounts { answers, drops } = counted;
    if drops > answers {
        return Err(CampaignRefusal::DropsBeyondAnswers { answers, drops });
    }
    if answers == 0
        || state
            .accounted_through()
            .is_some_and(|accounted| through <= accounted)
    {
        return Ok(Vec::new());
    }
    Ok(vec![CampaignEvent::AbandonmentRecorded {
        counted,
        ended_at,
        through,
    }])
}
