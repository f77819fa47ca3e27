//! Decides the commands of an emergency stop: engaged once, extended once to active calls, lifted with a
//! reason.

use super::command::StopCommand;
use super::event::StopEvent;
use super::id::StopId;
use super::refusal::StopRefusal;
use super::state::StopState;

/// Longest reason of an emergency stop or its lifting, in bytes; a longer one is refused. It is stored
/// permanently and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<StopEvent>, StopRefusal>;

pub(super) fn decide(state: &StopState, command: StopCommand) -> DecideResult {
    match command {
        StopCommand::Engage {
            stop,
            reason,
            hang_up,
        } => engage(state, &stop, reason, hang_up),
        StopCommand::Lift { reason } => lift(state, reason),
    }
}

/// Engages the stop. No event if it is engaged already, unless `hang_up` now extends it to active calls.
/// Refused without a reason.
fn engage(state: &StopState, stop: &StopId, reason: String, hang_up: bool) -> DecideResult {
    check(&reason)?;
    if state.engaged().is_some_and(|engaged| engaged.hang_up || !hang_up) {
        return Ok(Vec::new());
    }
    Ok(vec![StopEvent::Engaged {
        scope: stop.scope(),
        id: stop.named().map(str::to_owned),
        reason,
        hang_up,
    }])
}

fn lift(state: &StopState, reason: String) -> DecideResult {
    check(&reason)?;
    match state.engaged() {
        None => Err(StopRefusal::NotEngaged),
        Some(_) => Ok(vec![StopEvent::Lifted { reason }]),
    }
}

fn check(reason: &str) -> Result<(), StopRefusal> {
    if reason.trim().is_empty() {
        return Err(StopRefusal::NoReason);
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(StopRefusal::TooLong {
            bytes: reason.len(),
            bytes_max: REASON_BYTES_MAX,
        });
    }
    Ok(())
}
