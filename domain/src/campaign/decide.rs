//! Decides commands to a campaign: one function per command.
//!
//! A paused campaign may complete: when everything is settled, there is nothing left to resume for. A later
//! list reopens it paused, because no user has resumed it. A completed campaign cannot be stopped (nothing
//! runs); a stopped one takes no further list.

use super::anonymization;
use super::best_times_update;
use super::command::CampaignCommand;
use super::event::{CampaignEvent, PauseReason};
use super::gates::{BATCH_VALID_MS, StageBatchRequest};
use super::list_opening;
use super::pacing;
use super::plan_change;
use super::refusal::CampaignRefusal;
use super::segment_freeze;
use super::state::{CampaignState, CreatedCampaign};
use super::status::CampaignStatus;
use super::{list_undo, preview_offers, query_import, quotas, scheduling, stage_promotion, targets};
use crate::call_caps_check;
use crate::compliance::{ClosedWindow, closed_for_all};
use crate::decider::Context;
use crate::dialing_plan::BatchPacing;
use crate::quota::QuotaReservation;
use crate::quota_members::fault_of;
use crate::time::Timestamp;
use values::ids::{CampaignId, ListId};

/// The most dials granted in one batch; more wanted are cut. Twice the 100 concurrent calls that one
/// process is measured for.
pub const BATCH_DIALS_MAX: u32 = 200;

/// The most lists of one campaign; a further one is refused. Each body of `tasks/data` is a list, and the
/// state holds 24 bytes of each.
pub const LISTS_MAX: usize = 100_000;

pub(super) type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

pub(super) fn decide(state: &CampaignState, command: CampaignCommand, context: Context) -> DecideResult {
    if let CampaignCommand::Create { .. } = command {
        return create(state, command, context.now);
    }
    let status = state.status().ok_or(CampaignRefusal::NotCreated)?;
    match command {
        CampaignCommand::Create { .. } => Ok(Vec::new()),
        CampaignCommand::Start => start(state, status, context.now),
        CampaignCommand::StartDue { after_met } => {
            scheduling::start_due(state, status, after_met, context.now)
        }
        CampaignCommand::Pause { reason } => pause(status, reason),
        CampaignCommand::Resume => resume(state, status, context.now),
        CampaignCommand::Stop { reason } => stop(status, reason),
        CampaignCommand::OpenList {
            list,
            source,
            four_eyes,
            request_key,
        } => list_opening::open_list(
            state,
            status,
            list,
            CampaignEvent::ListOpened {
                list,
                source,
                four_eyes,
                request_key,
            },
        ),
        CampaignCommand::CloseList { list, count } => close_list(state, status, list, count),
        CampaignCommand::MarkQuery { mark } => query_import::mark(state, mark),
        CampaignCommand::UndoList { list, reason, by } => list_undo::undo(state, list, reason, by),
        CampaignCommand::GrantDials { .. } => grant(state, status, command, context.now),
        CampaignCommand::CountQuotas { ended } => quotas::count(state, ended),
        CampaignCommand::RecordAbandonment {
            counted,
            ended_at,
            through,
        } => pacing::record(state, counted, ended_at, through),
        CampaignCommand::LearnTimes {
            counted,
            after,
            through,
        } => best_times_update::learn(state, &counted, after, through, context.now),
        CampaignCommand::Promote {
            to,
            reason,
            evidence,
            four_eyes,
        } => stage_promotion::promote(state, status, to, reason, evidence, four_eyes, context.now),
        CampaignCommand::Preview(command) => preview_offers::decide(state, status, command, context.now),
        CampaignCommand::RaiseAlert { alert, detail } => {
            Ok(vec![CampaignEvent::AlertRaised { alert, detail }])
        }
        CampaignCommand::SetTargets { targets, by } => targets::set(state, targets, by),
        CampaignCommand::ChangePlan(change) => plan_change::change(state, status, *change, context.now),
        CampaignCommand::FreezeSegment(segment) => segment_freeze::freeze(state, status, *segment),
        CampaignCommand::BeginAnonymization { reason, four_eyes } => {
            anonymization::begin(state, status, reason, four_eyes)
        }
        CampaignCommand::CompleteAnonymization { counts } => anonymization::complete(state, counts),
        CampaignCommand::Complete { settled, .. } => complete(state, status, settled),
    }
}

fn create(state: &CampaignState, command: CampaignCommand, now: Timestamp) -> DecideResult {
    let CampaignCommand::Create {
        campaign,
        customer_segment,
        flow,
        plan,
    } = command
    else {
        return Ok(Vec::new());
    };
    let wanted = CreatedCampaign {
        customer_segment,
        flow,
        plan,
    };
    if let Some(created) = state.first_created() {
        let same = created == as_chosen(wanted, &created);
        return if same {
            Ok(Vec::new())
        } else {
            Err(CampaignRefusal::AnotherPlan)
        };
    }
    if let Some(why) = wanted.plan.stages.and_then(|stages| stages.fault()) {
        return Err(CampaignRefusal::NeverRuns { why });
    }
    if wanted.plan.max_concurrent == 0 {
        return Err(CampaignRefusal::NoConcurrency);
    }
    let running = wanted.plan.running.as_deref();
    scheduling::check_running_plan(&campaign, running, wanted.plan.ends_at)?;
    let plan = &wanted.plan;
    call_caps_check::check(&plan.caps, &plan.presets().collect::<Vec<_>>(), now)
        .map_err(CampaignRefusal::Caps)?;
    scheduling::presets_agree(plan, now)?;
    scheduling::rings_long_enough(plan, now)?;
    scheduling::names_its_seller(plan, now)?;
    if let Some(why) = plan.dialing.and_then(|dialing| dialing.fault()) {
        return Err(CampaignRefusal::NeverDials { why });
    }
    if let Some(fault) = fault_of(&plan.quotas) {
        return Err(CampaignRefusal::Quotas(fault));
    }
    let fits = plan.dispositions.check_against(plan.retry_policy.retries_max);
    fits.map_err(CampaignRefusal::Dispositions)?;
    Ok(vec![created_event(campaign, wanted)])
}

/// Returns `wanted` with the existing campaign's handling of duplicates if the request states none or the
/// same, so that a repeated request is recognized. Older campaigns handle duplicates by customer.
fn as_chosen(mut wanted: CreatedCampaign, created: &CreatedCampaign) -> CreatedCampaign {
    let said = wanted.plan.duplicates;
    if said.is_none_or(|said| said == created.plan.duplicates()) {
        wanted.plan.duplicates = created.plan.duplicates;
    }
    wanted
}

fn created_event(campaign: CampaignId, created: CreatedCampaign) -> CampaignEvent {
    CampaignEvent::Created {
        campaign,
        customer_segment: created.customer_segment,
        flow: created.flow,
        plan: created.plan,
    }
}

fn start(state: &CampaignState, status: CampaignStatus, now: Timestamp) -> DecideResult {
    match status {
        CampaignStatus::Draft => Err(CampaignRefusal::NoClosedList),
        CampaignStatus::Ready => {
            before_end(state, now)?;
            scheduling::start_ready(state, now)
        }
        CampaignStatus::Running => Ok(Vec::new()),
        CampaignStatus::Paused | CampaignStatus::Completed | CampaignStatus::Stopped => {
            Err(CampaignRefusal::WrongStatus { status })
        }
    }
}

fn pause(status: CampaignStatus, reason: PauseReason) -> DecideResult {
    match status {
        CampaignStatus::Running => Ok(vec![CampaignEvent::Paused { reason }]),
        CampaignStatus::Paused => Ok(Vec::new()),
        CampaignStatus::Draft
        | CampaignStatus::Ready
        | CampaignStatus::Completed
        | CampaignStatus::Stopped => Err(CampaignRefusal::WrongStatus { status }),
    }
}

fn resume(state: &CampaignState, status: CampaignStatus, now: Timestamp) -> DecideResult {
    match status {
        CampaignStatus::Paused => {
            before_end(state, now)?;
            Ok(vec![CampaignEvent::Resumed {}])
        }
        CampaignStatus::Running => Ok(Vec::new()),
        CampaignStatus::Draft
        | CampaignStatus::Ready
        | CampaignStatus::Completed
        | CampaignStatus::Stopped => Err(CampaignRefusal::WrongStatus { status }),
    }
}

fn stop(status: CampaignStatus, reason: String) -> DecideResult {
    match status {
        CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Running | CampaignStatus::Paused => {
            Ok(vec![CampaignEvent::Stopped { reason }])
        }
        CampaignStatus::Stopped => Ok(Vec::new()),
        CampaignStatus::Completed => Err(CampaignRefusal::WrongStatus { status }),
    }
}

fn close_list(state: &CampaignState, status: CampaignStatus, list: ListId, count: u64) -> DecideResult {
    match state.lists().get(&list) {
        None => Err(CampaignRefusal::UnknownList { list }),
        Some(Some(closed)) if *closed == count => Ok(Vec::new()),
        Some(Some(closed)) if list_undo::may_grow(state, list, *closed, count) => {
            Ok(vec![CampaignEvent::ListClosed {
                list,
                count,
                before: Some(*closed),
            }])
        }
        Some(Some(closed)) => Err(CampaignRefusal::ListClosedOtherwise {
            list,
            closed: *closed,
            count,
        }),
        Some(None) if status == CampaignStatus::Stopped => Err(CampaignRefusal::WrongStatus { status }),
        Some(None) => Ok(vec![CampaignEvent::ListClosed {
            list,
            count,
            before: None,
        }]),
    }
}

/// Returns an error unless the campaign runs and its end has not come.
pub(super) fn check_running(
    state: &CampaignState,
    status: CampaignStatus,
    now: Timestamp,
) -> Result<(), CampaignRefusal> {
    if status != CampaignStatus::Running {
        return Err(CampaignRefusal::WrongStatus { status });
    }
    before_end(state, now)
}

/// Records that the calling window is closed for all waiting customers. Refused with `WindowClosed` if this
/// closing is recorded already.
fn window_closed(state: &CampaignState, closed: ClosedWindow) -> DecideResult {
    let until = closed.until;
    if state.closed_window().is_some_and(|judged| judged.until == until) {
        return Err(CampaignRefusal::WindowClosed { until });
    }
    Ok(vec![CampaignEvent::WindowClosed {
        verdict: closed.verdict,
        until: closed.until,
    }])
}

/// Returns how many more calls may be open now: the campaign's concurrency less the calls in flight.
/// Refused if none.
fn free(state: &CampaignState, in_flight: u32) -> Result<u32, CampaignRefusal> {
    let max_concurrent = state.plan().map_or(0, |plan| plan.max_concurrent);
    let free = max_concurrent.saturating_sub(in_flight);
    if free == 0 {
        return Err(CampaignRefusal::NothingFree {
            in_flight,
            max_concurrent,
        });
    }
    Ok(free)
}

/// Grants a batch of dials, or records a closed calling window instead. Limits: status, hours, concurrency,
/// `BATCH_DIALS_MAX`, free agents, quotas and stage.
fn grant(
    state: &CampaignState,
    status: CampaignStatus,
    command: CampaignCommand,
    now: Timestamp,
) -> DecideResult {
    let CampaignCommand::GrantDials {
        wanted,
        in_flight,
        floor,
        people,
        calendars,
        unused,
        quota_people,
    } = command
    else {
        return Ok(Vec::new());
    };
    check_running(state, status, now)?;
    let closed = state.plan();
    let closed = closed.and_then(|plan| closed_for_all(plan, &calendars, now));
    if let Some(closed) = closed.filter(|_| wanted > 0) {
        return window_closed(state, closed);
    }
    let wanted = wanted.min(free(state, in_flight)?).min(BATCH_DIALS_MAX);
    let (wanted, paced) = pacing::size_batch(state, wanted, floor, now)?;
    let (wanted, places) = quotas::reserve_places(state, wanted, &quota_people, now)?;
    let asking = StageBatchRequest {
        wanted,
        people,
        unused,
    };
    grant_dials(state, asking, paced, places, now)
}

/// Makes the event that grants a batch of dials, as far as the stage permits. Valid for `BATCH_VALID_MS`,
/// at most until the campaign's end.
fn grant_dials(
    state: &CampaignState,
    asking: StageBatchRequest,
    paced: Option<Box<BatchPacing>>,
    places: Vec<QuotaReservation>,
    now: Timestamp,
) -> DecideResult {
    if asking.wanted == 0 {
        return Err(CampaignRefusal::NothingWanted);
    }
    let passed = state.gates().pass(asking, now)?;
    let until = now.plus_ms(BATCH_VALID_MS);
    let ends_at = state.plan().and_then(|plan| plan.ends_at);
    Ok(vec![CampaignEvent::DialsGranted {
        count: passed.count,
        until: ends_at.map_or(until, |ends_at| until.min(ends_at)),
        paced,
        admitted: passed.admitted,
        unused: passed.unused,
        places,
    }])
}

fn complete(state: &CampaignState, status: CampaignStatus, settled: u64) -> DecideResult {
    match status {
        CampaignStatus::Completed => return Ok(Vec::new()),
        CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Stopped => {
            return Err(CampaignRefusal::WrongStatus { status });
        }
        CampaignStatus::Running | CampaignStatus::Paused => {}
    }
    let open_count = state.open_lists_count();
    if open_count > 0 {
        return Err(CampaignRefusal::ListsOpen { open_count });
    }
    let enrolled = state.enrolled_count();
    if settled != enrolled {
        return Err(CampaignRefusal::NotSettled { settled, enrolled });
    }
    Ok(vec![CampaignEvent::Completed { settled }])
}

/// Refuses with `PastEnd` from the campaign's `ends_at` on (exclusive).
fn before_end(state: &CampaignState, now: Timestamp) -> Result<(), CampaignRefusal> {
    match state.plan().and_then(|plan| plan.ends_at) {
        Some(ends_at) if now >= ends_at => Err(CampaignRefusal::PastEnd { ends_at }),
        Some(_) | None => Ok(()),
    }
}
