//! Scheduled starts: a campaign that is ordered to start before its time, or before another campaign has come
//! far enough, waits. A user orders the start; a driver begins it. Also checks new plans.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::status::CampaignStatus;
use crate::calling_plan::CallingPlan;
use crate::compliance::{WindowOpening, contradiction, demands_seller, opening, rules_of};
use crate::running_plan::RunningPlan;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// The stored reason when a campaign with a scheduled start is stopped because its end came first.
const PAST_END: &str = "its end came before it could begin";

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Returns the event that schedules the start; `None` if the campaign need not wait for a time or another
/// campaign.
fn waits(state: &CampaignState, now: Timestamp) -> Option<CampaignEvent> {
    let running = state.plan()?.running.as_deref()?;
    let starts_at = running.starts_at.filter(|at| now < *at);
    let after = running.after.clone();
    (starts_at.is_some() || after.is_some()).then_some(CampaignEvent::StartScheduled { starts_at, after })
}

/// Refuses with `NeverOpens` if the calling hours of the campaign's plan never open.
pub(super) fn check_hours(state: &CampaignState, now: Timestamp) -> Result<(), CampaignRefusal> {
    state.plan().map_or(Ok(()), |plan| check_plan_hours(plan, now))
}

/// Refuses a plan if its calling hours do not open at any time from now, or from its later start time, on.
pub(super) fn check_plan_hours(plan: &CallingPlan, now: Timestamp) -> Result<(), CampaignRefusal> {
    let starts_at = plan.running.as_deref().and_then(|running| running.starts_at);
    match opening(plan, starts_at.map_or(now, |at| at.max(now))) {
        WindowOpening::Never => Err(CampaignRefusal::NeverOpens),
        WindowOpening::At(_) | WindowOpening::ByPerson => Ok(()),
    }
}

/// Starts a ready campaign on a user's order, or schedules its start if it has to wait. No event if it is
/// scheduled already.
pub(super) fn start_ready(state: &CampaignState, now: Timestamp) -> DecideResult {
    check_hours(state, now)?;
    match waits(state, now) {
        Some(_) if state.is_start_scheduled() => Ok(Vec::new()),
        Some(scheduled) => Ok(vec![scheduled]),
        None => Ok(vec![CampaignEvent::Started {}]),
    }
}

/// Starts a campaign with a scheduled start once its conditions are met; a driver calls this. `after_met`:
/// the other campaign has come far enough. Past its end it is stopped instead; refused with `NotStartedYet`
/// if it is too early; no event if no start is scheduled.
pub(super) fn start_due(
    state: &CampaignState,
    status: CampaignStatus,
    after_met: bool,
    now: Timestamp,
) -> DecideResult {
    if status != CampaignStatus::Ready || !state.is_start_scheduled() {
        return Ok(Vec::new());
    }
    // No dial is possible any more. If it began, it would settle every customer and complete, and a campaign
    // waiting for it would start after calls that were never made.
    if is_past_end(state, now) {
        let reason = PAST_END.to_owned();
        return Ok(vec![CampaignEvent::Stopped { reason }]);
    }
    let running = state.plan().and_then(|plan| plan.running.as_deref());
    let starts_at = running.and_then(|running| running.starts_at);
    if starts_at.is_some_and(|at| now < at) {
        return Err(CampaignRefusal::NotStartedYet);
    }
    if running.is_some_and(|running| running.after.is_some()) && !after_met {
        return Err(CampaignRefusal::NotStartedYet);
    }
    Ok(vec![CampaignEvent::Started {}])
}

fn is_past_end(state: &CampaignState, now: Timestamp) -> bool {
    let ends_at = state.plan().and_then(|plan| plan.ends_at);
    ends_at.is_some_and(|ends_at| now >= ends_at)
}

/// Refuses a plan if its running conditions (start time, predecessor, end) can never be met.
pub(super) fn check_running_plan(
    campaign: &values::ids::CampaignId,
    running: Option<&RunningPlan>,
    ends_at: Option<Timestamp>,
) -> Result<(), CampaignRefusal> {
    match running.and_then(|running| running.fault(campaign, ends_at)) {
        Some(why) => Err(CampaignRefusal::NeverRuns { why }),
        None => Ok(()),
    }
}

/// Refuses a plan that names a preset twice, or presets with contradictory rules.
pub(super) fn presets_agree(plan: &CallingPlan, now: Timestamp) -> Result<(), CampaignRefusal> {
    if plan.also_presets.is_empty() {
        return Ok(());
    }
    let mut once = BTreeSet::new();
    if let Some(twice) = plan.presets().find(|preset| !once.insert(*preset)) {
        return Err(CampaignRefusal::PresetTwice { preset: twice });
    }
    match contradiction(plan, now) {
        Some(found) => Err(CampaignRefusal::Contradiction(found)),
        None => Ok(()),
    }
}

/// Refuses a plan with an invalid seller, or without a seller if one of its presets requires it.
pub(super) fn names_its_seller(plan: &CallingPlan, now: Timestamp) -> Result<(), CampaignRefusal> {
    match plan.seller.as_deref() {
        Some(seller) => seller
            .fault()
            .map_or(Ok(()), |why| Err(CampaignRefusal::SellerFaulty { why })),
        None => match demands_seller(plan, now) {
            Some(preset) => Err(CampaignRefusal::SellerMissing { preset }),
            None => Ok(()),
        },
    }
}

/// Refuses a plan with a ring timeout below the minimum of one of its presets.
pub(super) fn rings_long_enough(plan: &CallingPlan, now: Timestamp) -> Result<(), CampaignRefusal> {
    let least = rules_of(plan, now).filter_map(|rules| Some((rules.ring_ms_min?, rules.preset)));
    match plan
        .ring_timeout_ms
        .zip(least.max_by_key(|(ring_ms_min, _)| *ring_ms_min))
    {
        Some((ring_timeout_ms, (ring_ms_min, preset))) if ring_timeout_ms < ring_ms_min => {
            Err(CampaignRefusal::RingTooShort {
                preset,
                ring_timeout_ms,
                ring_ms_min,
            })
        }
        Some(_) | None => Ok(()),
    }
}
