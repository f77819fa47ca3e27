//! Rules in a person's own record: caps for calls to the person, and preferred times.

use super::command::CustomerCommand;
use super::decider_support::{DecideResult, check_not_erased};
use super::event::CustomerEvent;
use super::profile_origin::ProfileOrigin;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::call_caps_check::check;
use crate::preferred_times::{PREFERRED_TIMES_MAX, PreferredTime, canonical};
use crate::time::Timestamp;

/// The most bytes of the reason for a person's caps; a longer one is refused. It is stored permanently and
/// must not contain personal data.
const REASON_BYTES_MAX: usize = 256;

pub(super) fn set_caps(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::SetCaps {
        mut caps,
        presets,
        reason,
        by,
    } = command
    else {
        return Ok(Vec::new());
    };
    may_have_rules(state)?;
    if reason.trim().is_empty() || reason.len() > REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: REASON_BYTES_MAX,
        });
    }
    check(&caps, &presets, now).map_err(CustomerRefusal::Caps)?;
    caps.sort_unstable();
    if state.own_caps() == caps {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::CapsSet { caps, reason, by }])
}

pub(super) fn set_preferred_times(state: &CustomerState, command: CustomerCommand) -> DecideResult {
    let CustomerCommand::SetPreferredTimes { times, origin } = command else {
        return Ok(Vec::new());
    };
    may_have_rules(state)?;
    if times.len() > PREFERRED_TIMES_MAX {
        return Err(CustomerRefusal::TooManyTimes {
            times_max: PREFERRED_TIMES_MAX,
        });
    }
    let times = canonical(times);
    if state.preferred_times() == times {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::PreferredTimesSet { times, origin }])
}

/// Returns the event that sets the preferred times of a list's row; `None` if they are unchanged. They
/// replace the earlier ones.
pub(super) fn preferred_of_row(
    state: &CustomerState,
    times: Vec<PreferredTime>,
    origin: ProfileOrigin,
) -> Option<CustomerEvent> {
    let times = canonical(times);
    (state.preferred_times() != times).then_some(CustomerEvent::PreferredTimesSet { times, origin })
}

fn may_have_rules(state: &CustomerState) -> Result<(), CustomerRefusal> {
    check_not_erased(state)?;
    if state.is_registered() {
        return Ok(());
    }
    Err(CustomerRefusal::NotRegistered)
}
