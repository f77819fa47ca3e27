//! Decides commands to a user's preferences: a choice that is so already stores nothing.

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
