//! One round of the dialer: starts as many workers per running campaign as free slots, granted dials and due
//! enrolments allow.

use super::due_enrolments::{DUE_ROWS_MAX, due_now, enrolment, next_accepted_check, sort_due};
use super::expired_campaigns::{is_past_end, settle};
use super::pacing::{self, DialDemand};
use super::quotas::{self, QuotaAdmission, QuotaSelection};
use super::shares::DialShares;
use super::stage_limits::{self, StageSelection};
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::engines;
use crate::drivers::facts::{add_installation_facts, calendars};
use crate::drivers::one_call::{self, Assignment};
use crate::timers::earlier;
use domain::calling_plan::CampaignFacts;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{CampaignState, Gates};
use domain::ids::{CampaignId, CustomerId, EventId};
use domain::ports::worklist::{CampaignWork, DueEnrolment, WorklistError};
use domain::quota::QuotaPerson;
use domain::stop::StopId;
use domain::stored_event::{Position, TraceParent};
use domain::time::Timestamp;
use domain::working_calendar::Calendars;
use std::sync::Arc;

/// Most workers at once, over all campaigns and lines: each is a task, a leg and its audio.
pub(crate) const WORKERS_MAX: usize = 1_000;
/// Wait before the worklist is read again after an error, or a campaign is asked again after a refusal, in
/// milliseconds.
pub(super) const AGAIN_MS: u64 = 1_000;

/// Serves every running campaign once. Each round begins with another campaign, so that none starves while
/// lines are scarce. Returns when to run again; `None` if only an event can bring new work.
pub(super) async fn run_round(kit: &Arc<DriverContext>, seen: Position, turn: usize) -> Option<Timestamp> {
    let now = kit.now();
    if let Some(until) = kit.store_away_until(now) {
        return Some(until);
    }
    if kit.environment.skew.stops_dialing() || kit.stops.is_behind() {
        return Some(now.plus_ms(AGAIN_MS));
    }
    match serve_all(kit, seen, turn).await {
        Ok(next_at) => earlier(next_at, kit.live.next_release(now)),
        Err(error) => {
            tracing::warn!(%error, "the dialer cannot read the worklist");
            Some(now.plus_ms(AGAIN_MS))
        }
    }
}

async fn serve_all(
    kit: &Arc<DriverContext>,
    seen: Position,
    turn: usize,
) -> Result<Option<Timestamp>, WorklistError> {
    kit.ports.worklist.wait_for(seen).await?;
    let mut running = kit.ports.worklist.unfinished_campaigns().await?;
    running.retain(|work| work.running);
    kit.pacers
        .keep(|one| running.iter().any(|work| &work.campaign == one) || kit.live.open_count(one) > 0);
    let first = turn.checked_rem(running.len()).unwrap_or(0);
    running.rotate_left(first);
    let now = kit.now();
    let allowed = DialShares::of(kit, &running, room(kit, now), now).await;
    let mut next_at = None;
    for work in &running {
        let most = allowed.most(&work.campaign);
        next_at = earlier(next_at, serve(kit, work, most).await?);
    }
    // Capacity that others left is offered to campaigns that want more than their share.
    for work in running.iter().filter(|work| allowed.is_limited(&work.campaign)) {
        if room(kit, kit.now()) == 0 {
            break;
        }
        next_at = earlier(next_at, serve(kit, work, usize::MAX).await?);
    }
    Ok(next_at)
}

/// Serves one campaign. Returns when it may have work again by time alone: its next due time, or the time at
/// which a line takes dials again. Due enrolments that are held back (by the mode, a stage, a full quota) do
/// not hide a later due time.
async fn serve(
    kit: &Arc<DriverContext>,
    work: &CampaignWork,
    most: usize,
) -> Result<Option<Timestamp>, WorklistError> {
    let now = kit.now();
    let has_due = work.next_due_at.is_some_and(|at| at <= now);
    let ahead = match has_due {
        true => kit.ports.worklist.next_due_after(&work.campaign, now).await?,
        false => work.next_due_at,
    };
    // Held enrolments, or those just being begun, may be due again at once: look again soon.
    let later = earlier(ahead, has_due.then(|| now.plus_ms(AGAIN_MS)));
    // One more than can begin, to learn whether more are waiting.
    let room = room(kit, now).min(most);
    let due = due_now(kit, &work.campaign, now, room.saturating_add(1)).await?;
    if due.is_empty() || kit.is_draining() {
        return Ok(later);
    }
    let campaign = kit.state(&kit.system.campaigns, &work.campaign).await.ok();
    let gates = campaign.as_ref().map(|loaded| loaded.state.gates().clone());
    let gates = gates.unwrap_or_default();
    let calendars = match campaign.as_ref().and_then(|loaded| loaded.state.plan()) {
        // Calendars that cannot be read are left out here. The batch reads them again and is then refused.
        Some(plan) => calendars(kit, plan).await.unwrap_or_default(),
        None => Calendars::default(),
    };
    let facts = campaign.and_then(|loaded| of_day(&loaded.state, &work.campaign, calendars, now));
    if let Some((facts, _)) = facts.as_ref().filter(|(facts, _)| is_past_end(facts, now)) {
        let due = due_now(kit, &work.campaign, now, DUE_ROWS_MAX).await?;
        settle(kit, due, facts).await;
        return Ok(Some(now.plus_ms(super::ROUND_MS)));
    }
    if is_stopped(kit, &work.campaign, facts.as_ref().map(|(facts, _)| facts)).await {
        return Ok(Some(now.plus_ms(AGAIN_MS)));
    }
    // The closed window is judged and stored: the campaign is not asked, and enrolments that become due
    // meanwhile wait like the others.
    if let Some((_, Some(until))) = facts {
        return Ok(Some(until));
    }
    let facts = facts.map(|(facts, _)| facts);
    let held = held(kit, &work.campaign, facts.as_ref(), &gates, due, room).await?;
    let QuotaSelection { due, people } = match held {
        Ok(held) => held,
        Err(until) => return Ok(Some(until)),
    };
    let again = facts.as_ref().and_then(|facts| by_time(facts, now));
    let Some((wanted, open_count)) = wanted(kit, &work.campaign, due.len().min(room)) else {
        let free_at = kit.capacity.free_at(now).filter(|at| *at > now);
        return Ok(earlier(again, earlier(ahead, free_at)));
    };
    let for_agents = facts.is_none_or(|facts| facts.plan.dialing_mode().needs_agents());
    let paced = match for_agents {
        true => paced(kit, &work.campaign, wanted, now).await,
        false => Ok((DialDemand::of_robots(wanted), None)),
    };
    let Ok((wish, tick)) = paced else {
        return Ok(Some(now.plus_ms(AGAIN_MS)));
    };
    if wish.wanted == 0 {
        return Ok(earlier(ahead, tick));
    }
    let asked = BatchRequest {
        wish,
        in_flight: open_count,
        people: stage_limits::people(&gates, &due),
        quota_people: people,
    };
    match batch(kit, &work.campaign, asked).await {
        Ok(BatchAnswer::Granted(batch)) => {
            let placed = quotas::retain_with_place(&batch.places, due);
            let due = stage_limits::retain_admitted(&batch.gates, placed);
            Ok(earlier(earlier(later, begin(kit, due, &batch)), tick))
        }
        Ok(BatchAnswer::Closed(until)) => Ok(Some(until)),
        Err(_halt) => Ok(Some(now.plus_ms(AGAIN_MS))),
    }
}

/// Returns when to look again at customers who are due and not dialed: when an agent may become free, or
/// when the campaign ends and settles them.
fn by_time(facts: &CampaignFacts, now: Timestamp) -> Option<Timestamp> {
    let ends_at = facts.plan.ends_at.filter(|at| *at > now);
    earlier(next_accepted_check(facts, now), ends_at)
}

/// Selects the due enrolments for which dials are requested, by the campaign's order, stage and quotas. The
/// inner error is the time until which there are none.
async fn held(
    kit: &Arc<DriverContext>,
    campaign: &CampaignId,
    facts: Option<&CampaignFacts>,
    gates: &Gates,
    due: Vec<DueEnrolment>,
    room: usize,
) -> Result<Result<QuotaSelection, Timestamp>, WorklistError> {
    let due = match facts {
        Some(facts) => sort_due(kit, facts, due, room.saturating_add(1), kit.now()).await?,
        None => due,
    };
    let due = match stage_limits::select_due_by_stage(kit, campaign, gates, due).await? {
        StageSelection::Due(due) => due,
        StageSelection::Waits(until) => return Ok(Err(until)),
    };
    let held = quotas::select_due_by_quota(kit, facts, due).await;
    Ok(held.map_err(|_halt| kit.now().plus_ms(AGAIN_MS)))
}

/// Returns the campaign's facts with these holiday calendars, and the time until which its calling window
/// is closed for all customers, if it is.
fn of_day(
    state: &CampaignState,
    campaign: &CampaignId,
    calendars: Calendars,
    now: Timestamp,
) -> Option<(CampaignFacts, Option<Timestamp>)> {
    let closed_until = state.judged_closed_until(&calendars, now);
    let facts = state.facts(campaign.clone())?;
    Some((CampaignFacts { calendars, ..facts }, closed_until))
}

/// Returns true if the campaign may not dial: an emergency stop applies, the stops cannot be read, or an
/// engine that its flow needs does not respond.
async fn is_stopped(kit: &DriverContext, campaign: &CampaignId, facts: Option<&CampaignFacts>) -> bool {
    let own = StopId::Campaign(campaign.clone());
    if let Err(error) = kit.stops.learn(kit.environment.store.as_ref(), &own).await {
        tracing::warn!(%campaign, %error, "the emergency stop of a campaign cannot be read: no call is dialed");
        return true;
    }
    match facts {
        Some(facts) => {
            kit.stops.stops_campaign(campaign, facts.plan.presets())
                || engines::down_for(kit, facts).await.is_some()
        }
        None => false,
    }
}

/// Returns the number of dials to request and the number of the campaign's open calls; `None` if nothing is
/// due.
fn wanted(kit: &DriverContext, campaign: &CampaignId, due_count: usize) -> Option<(u32, u32)> {
    let wanted = u32::try_from(due_count).unwrap_or(u32::MAX);
    (wanted > 0).then(|| (wanted, kit.live.open_count(campaign)))
}

/// Returns how many workers may start now, by free line slots and `WORKERS_MAX`.
fn room(kit: &DriverContext, now: Timestamp) -> usize {
    let dials = usize::try_from(kit.capacity.free_count(now)).unwrap_or(usize::MAX);
    WORKERS_MAX.saturating_sub(kit.live.count()).min(dials)
}

/// A campaign's answer to a request for a batch.
enum BatchAnswer {
    Granted(Box<Batch>),
    /// The campaign's calling window is closed for all customers until this time.
    Closed(Timestamp),
}

/// A granted batch of dials: the campaign's facts, how many dials may begin, and until when.
struct Batch {
    facts: CampaignFacts,
    /// The campaign's stage and its limits.
    gates: Gates,
    /// The customers who need no share of a quota or have one in this batch.
    places: QuotaAdmission,
    count: u32,
    until: Timestamp,
    /// The id of the event `campaign.dials_granted`.
    leave: EventId,
    /// The trace of that event, if it is sampled.
    trace: Option<TraceParent>,
}

/// For a campaign with agents, first stores the counts of ended calls. Returns how many dials to request,
/// and when to look again for agents.
async fn paced(
    kit: &DriverContext,
    campaign: &CampaignId,
    wanted: u32,
    now: Timestamp,
) -> Result<(DialDemand, Option<Timestamp>), Halt> {
    let mut loaded = kit.state(&kit.system.campaigns, campaign).await?;
    let facts = loaded.state.facts(campaign.clone()).ok_or(Halt::Fault)?;
    if facts.plan.dialing_mode().needs_agents() {
        pacing::account(kit, &loaded.state, &facts).await?;
        loaded = kit.state(&kit.system.campaigns, campaign).await?;
    }
    let wish = pacing::wish(kit, &loaded.state, &facts, wanted, now);
    Ok((wish, pacing::next_tick(facts.plan.dialing_mode(), now)))
}

/// What the dialer sends to a campaign when it requests a batch.
struct BatchRequest {
    wish: DialDemand,
    in_flight: u32,
    people: Vec<CustomerId>,
    quota_people: Vec<QuotaPerson>,
}

/// Requests a batch of dials from the campaign. Also reports the granted dials that never began.
async fn batch(kit: &DriverContext, campaign: &CampaignId, asked: BatchRequest) -> Result<BatchAnswer, Halt> {
    let unused = kit.live.unused(campaign);
    let reported_count = unused.len();
    let loaded = kit.state(&kit.system.campaigns, campaign).await?;
    let known = loaded.state.plan().map(|plan| calendars(kit, plan));
    let calendars = match known {
        Some(known) => known.await?,
        None => Calendars::default(),
    };
    let command = CampaignCommand::GrantDials {
        wanted: asked.wish.wanted,
        in_flight: asked.in_flight,
        floor: asked.wish.floor,
        people: asked.people,
        calendars,
        unused,
        quota_people: asked.quota_people.clone(),
    };
    let span = kit.environment.first_span(kit.round_traces.take(campaign));
    let cause = kit.fresh_cause().in_trace(span.map(|span| span.context()));
    let answer = kit.ask(&kit.system.campaigns, campaign, command, cause).await;
    kit.end_call_span(span, "dialer", campaign, answer.is_err());
    let answer = answer?;
    kit.live.forget_unused(campaign, reported_count);
    let facts = answer.state.facts(campaign.clone()).ok_or(Halt::Fault)?;
    let facts = add_installation_facts(kit, facts).await?;
    answer
        .events
        .iter()
        .enumerate()
        .find_map(|(index, event)| {
            let granted = event.dials_granted().map(|(count, until)| {
                BatchAnswer::Granted(Box::new(Batch {
                    facts: facts.clone(),
                    gates: answer.state.gates().clone(),
                    places: QuotaAdmission::of(answer.state.quotas(), &asked.quota_people),
                    count,
                    until,
                    leave: EventId::derive(cause.command, index),
                    trace: answer.trace,
                }))
            });
            granted.or_else(|| event.window_closed().map(BatchAnswer::Closed))
        })
        .ok_or(Halt::Fault)
}

/// Starts workers for as many enrolments as were granted. Returns when a line takes dials again if the
/// slots ran out.
fn begin(kit: &Arc<DriverContext>, due: Vec<DueEnrolment>, batch: &Batch) -> Option<Timestamp> {
    let count = usize::try_from(batch.count).unwrap_or(usize::MAX);
    let more = due.len() > count;
    let mut given = stage_limits::UnusedDials::of(
        kit,
        batch.facts.campaign.clone(),
        &batch.gates,
        batch.until,
        count,
    );
    for due in due.into_iter().take(count) {
        let now = kit.now();
        let Some(place) = kit.capacity.take_first(now) else {
            return kit.capacity.free_at(now);
        };
        let Some(working) = kit.live.begin(&enrolment(&due), &due.number) else {
            continue;
        };
        working.set_place(place.line(), batch.facts.plan.presets());
        let assignment = Assignment {
            due,
            facts: batch.facts.clone(),
            leave_until: batch.until,
            leave: batch.leave,
            place,
            working,
            trace: batch.trace,
        };
        given.begun();
        let worker = one_call::run(Arc::clone(kit), assignment);
        kit.environment.tasks.spawn("one_call", Box::pin(worker));
    }
    let now = kit.now();
    // If more is due, the next batch begins as soon as a line takes dials again.
    kit.capacity
        .free_at(now)
        .filter(|_| more)
        .map(|at| at.max(now.plus_ms(super::ROUND_MS)))
}
