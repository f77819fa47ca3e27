//! Where agents take the calls: what sizes a batch, and the account that binds it.
//!
//! The pacer wishes and the campaign decides: an account that has no drop left takes its wish away, down to
//! one call for one free agent; below 34 answers three of a hundred are no drop yet. What is not known (the
//! floor) grants nothing.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::abandonment::Answered;
use crate::dialing_plan::{DialingMode, FloorSeen, PacedBy};
use crate::planted::{Bug, planted};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

/// How many of the dials that are wanted may be granted, and by what they were sized.
pub(super) fn sized(
    state: &CampaignState,
    wanted: u32,
    floor: Option<FloorSeen>,
    now: Timestamp,
) -> Result<(u32, Option<Box<PacedBy>>), CampaignRefusal> {
    let plan = state.plan().and_then(|plan| plan.dialing).unwrap_or_default();
    if !plan.mode.needs_agents() || wanted == 0 {
        return Ok((wanted, None));
    }
    let floor = floor.ok_or(CampaignRefusal::NoFloor)?;
    let budget = state.account().budget(now, plan.holds_each_day);
    let is_left = budget > 0 || planted(Bug::LedgerOverdrawn);
    let counts_on_answers = plan.mode == DialingMode::Predictive && floor.agents > 0 && is_left;
    let count = if counts_on_answers {
        wanted
    } else {
        wanted.min(floor.progressive())
    };
    if count == 0 {
        return Err(CampaignRefusal::NobodyFree {
            free: floor.free,
            ringing: floor.ringing,
            waiting: floor.waiting,
        });
    }
    let window = state.account().window(now);
    let paced = PacedBy {
        mode: plan.mode,
        floor,
        wished: wanted,
        answers: window.answers,
        drops: window.drops,
        budget,
    };
    Ok((count, Some(Box::new(paced))))
}

/// Adds to the account what was counted behind the position up to which it stands.
pub(super) fn record(
    state: &CampaignState,
    counted: Answered,
    ended_at: Timestamp,
    through: Position,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    if !state
        .plan()
        .is_some_and(|plan| plan.dialing_mode().needs_agents())
    {
        return Err(CampaignRefusal::NoAccount);
    }
    let Answered { answers, drops } = counted;
    if drops > answers {
        return Err(CampaignRefusal::DropsBeyondAnswers { answers, drops });
    }
    if answers == 0 || state.accounted_through().is_some_and(|stands| through <= stands) {
        return Ok(Vec::new());
    }
    Ok(vec![CampaignEvent::AbandonmentRecorded {
        counted,
        ended_at,
        through,
    }])
}
