//! Planted bugs of the campaign's decide function.

use super::verdicts::{self, IgnoredVerdict};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::CampaignEvent;
use domain::campaign::{BATCH_VALID_MS, Campaign, CampaignRefusal, CampaignState, CampaignStatus};
use domain::decider::{Context, Decider};
use domain::dialing_plan::DialingMode;
use std::cell::RefCell;
use std::collections::BTreeMap;

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Milliseconds in a second.
const SECOND_MS: u64 = 1_000;
/// Milliseconds in an hour.
const HOUR_MS: u64 = 3_600_000;
/// Milliseconds in a day.
const DAY_MS: u64 = 24 * HOUR_MS;
/// The longest row of holidays, in days.
const HOLIDAYS_MAX: u64 = 10;

/// Decides, and grants a batch that an ignored verdict about hours or days refused: as it would have been
/// granted earlier, by one of these times in milliseconds.
fn decide_ignoring(
    ignored: IgnoredVerdict,
    earlier_ms: impl Iterator<Item = u64>,
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let decided = Campaign::decide(state, command.clone(), context);
    let Ok([CampaignEvent::WindowClosed { verdict, .. }]) = decided.as_deref() else {
        return decided;
    };
    if !ignored(verdict, context.now) {
        return decided;
    }
    for back_ms in earlier_ms {
        let now = context.now.minus_ms(back_ms);
        let earlier = Campaign::decide(state, command.clone(), Context { now });
        if let Ok(mut events) = earlier
            && let Some(CampaignEvent::DialsGranted { until, .. }) = events.first_mut()
        {
            *until = until.plus_ms(back_ms);
            return Ok(events);
        }
    }
    decided
}

pub(super) fn in_the_second_after(
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let earlier = std::iter::once(SECOND_MS);
    decide_ignoring(verdicts::is_in_the_second_after, earlier, state, command, context)
}

pub(super) fn in_the_hour_after(
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let earlier = std::iter::once(HOUR_MS);
    decide_ignoring(verdicts::is_in_the_hour_after, earlier, state, command, context)
}

pub(super) fn in_the_rest(state: &CampaignState, command: CampaignCommand, context: Context) -> DecideResult {
    let earlier = std::iter::once(HOUR_MS);
    decide_ignoring(verdicts::is_in_the_rest, earlier, state, command, context)
}

pub(super) fn on_holidays(state: &CampaignState, command: CampaignCommand, context: Context) -> DecideResult {
    let earlier = (1..=HOLIDAYS_MAX).map(|days| days * DAY_MS);
    decide_ignoring(verdicts::is_on_a_holiday, earlier, state, command, context)
}

pub(super) fn while_paused(
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let wanted = match &command {
        CampaignCommand::GrantDials { wanted, .. } => *wanted,
        command => return Campaign::decide(state, command.clone(), context),
    };
    match Campaign::decide(state, command, context) {
        Err(CampaignRefusal::WrongStatus {
            status: CampaignStatus::Paused,
        }) if wanted > 0 => Ok(vec![CampaignEvent::DialsGranted {
            count: wanted,
            until: context.now.plus_ms(BATCH_VALID_MS),
            paced: None,
            admitted: Vec::new(),
            unused: 0,
            places: Vec::new(),
        }]),
        decided => decided,
    }
}

/// A campaign for agents grants what the pacer asks for, also if no further call may be abandoned.
pub(super) fn without_a_budget(
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let mut events = Campaign::decide(state, command, context)?;
    if let Some(CampaignEvent::DialsGranted {
        count,
        paced: Some(paced),
        ..
    }) = events.first_mut()
        && paced.mode == DialingMode::Predictive
        && paced.floor.agents > 0
    {
        *count = paced.wished;
    }
    Ok(events)
}

pub(super) fn without_abandoned_calls(
    state: &CampaignState,
    mut command: CampaignCommand,
    context: Context,
) -> DecideResult {
    if let CampaignCommand::RecordAbandonment { counted, .. } = &mut command {
        counted.drops = 0;
    }
    Campaign::decide(state, command, context)
}

pub(super) fn without_stages(
    state: &CampaignState,
    mut command: CampaignCommand,
    context: Context,
) -> DecideResult {
    if let CampaignCommand::Create { plan, .. } = &mut command {
        plan.stages = None;
    }
    Campaign::decide(state, command, context)
}

thread_local! {
    /// Records of abandoned calls that wait for the next batch, by the campaign's purpose.
    static HELD: RefCell<BTreeMap<String, Vec<CampaignEvent>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Drops the records that a dead process held.
pub(super) fn forget_held() {
    HELD.with_borrow_mut(BTreeMap::clear);
}

/// Stores a record of abandoned calls after the batch that should have known it.
pub(super) fn with_late_records(
    state: &CampaignState,
    command: CampaignCommand,
    context: Context,
) -> DecideResult {
    let purpose = state.plan().map_or("", |plan| plan.purpose.as_str()).to_owned();
    let records = matches!(&command, CampaignCommand::RecordAbandonment { .. });
    let mut events = Campaign::decide(state, command, context)?;
    if records {
        HELD.with_borrow_mut(|held| held.entry(purpose).or_default().append(&mut events));
    } else if let Some(CampaignEvent::DialsGranted { .. }) = events.first() {
        let held = HELD.with_borrow_mut(|held| held.remove(&purpose));
        events.extend(held.unwrap_or_default());
    }
    Ok(events)
}
