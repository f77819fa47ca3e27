//! Decides the command of a user's preferences: a choice without a change stores no event.

use super::command::PreferenceCommand;
use super::event::PreferenceEvent;
use super::refusal::PreferenceRefusal;
use super::state::PreferenceState;

pub(super) fn decide(
    state: &PreferenceState,
    command: PreferenceCommand,
) -> Result<Vec<PreferenceEvent>, PreferenceRefusal> {
    let PreferenceCommand::Choose { chosen } = command;
    if state.chosen() == chosen {
        return Ok(Vec::new());
    }
    if state.changes() >= super::CHANGES_MAX {
        return Err(PreferenceRefusal::TooOften);
    }
    Ok(vec![PreferenceEvent::Changed { chosen }])
}
