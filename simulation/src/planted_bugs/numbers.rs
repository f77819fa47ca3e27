//! Planted bugs of the number's decide function.

use super::verdicts::{self, IgnoredVerdict, allowed};
use domain::compliance::{GRANT_VALID_MS, NumberGrant};
use domain::decider::{Context, Decider};
use domain::disposition::Disposition;
use domain::number::{Number, NumberCommand, NumberEvent, NumberRefusal, NumberState};

type DecideResult = Result<Vec<NumberEvent>, NumberRefusal>;

/// Decides, and grants a dial that was refused by an ignored verdict.
fn decide_ignoring(
    ignored: IgnoredVerdict,
    state: &NumberState,
    command: NumberCommand,
    context: Context,
) -> DecideResult {
    let NumberCommand::GrantDial { number, .. } = &command else {
        return Number::decide(state, command, context);
    };
    let number = number.clone();
    let events = Number::decide(state, command, context)?;
    let Some(NumberEvent::DialRefused {
        campaign,
        call,
        verdict,
        ..
    }) = events.first()
    else {
        return Ok(events);
    };
    if !ignored(verdict, context.now) {
        return Ok(events);
    }
    let grant = NumberGrant {
        call: *call,
        campaign: campaign.clone(),
        number,
        valid_until: context.now.plus_ms(GRANT_VALID_MS),
        verdicts: vec![allowed(verdict)],
    };
    Ok(vec![NumberEvent::DialGranted { grant }])
}

pub(super) fn with_a_call_above_the_cap(
    state: &NumberState,
    command: NumberCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_by_one_call, state, command, context)
}

pub(super) fn without_opt_outs(
    state: &NumberState,
    command: NumberCommand,
    context: Context,
) -> DecideResult {
    decide_ignoring(verdicts::is_by_an_opt_out, state, command, context)
}

pub(super) fn off_the_white_list(
    state: &NumberState,
    mut command: NumberCommand,
    context: Context,
) -> DecideResult {
    if let NumberCommand::GrantDial { facts, .. } = &mut command
        && let Some(screening) = facts.plan.screening.as_deref_mut()
    {
        screening.only_listed_on = None;
    }
    Number::decide(state, command, context)
}

/// The number keeps a grant that was given back.
pub(super) fn without_releases(
    state: &NumberState,
    command: NumberCommand,
    context: Context,
) -> DecideResult {
    if let NumberCommand::ReleaseDial { .. } = &command {
        return Ok(Vec::new());
    }
    Number::decide(state, command, context)
}

/// A call that is closed already is closed once more.
pub(super) fn with_two_closings(
    state: &NumberState,
    command: NumberCommand,
    context: Context,
) -> DecideResult {
    let NumberCommand::CloseCall {
        call,
        disposition,
        answered,
        dialed_at,
        ..
    } = command
    else {
        return Number::decide(state, command, context);
    };
    let events = Number::decide(state, command, context)?;
    if !events.is_empty() || disposition == Disposition::Withdrawn {
        return Ok(events);
    }
    Ok(vec![NumberEvent::CallClosed {
        call,
        disposition,
        answered,
        dialed_at,
    }])
}
