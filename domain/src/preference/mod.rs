//! The preference aggregate: in which language and theme a user sees the console, and which page comes first.
//!
//! Promises: one stream a user, whose name is the id; a choice is the whole of it; nothing is decided by it,
//! and it holds words from closed lists alone, so nothing personal.

mod chosen;
pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use chosen::{Chosen, HomePage, PreferredLanguage, PreferredTheme};
pub use command::PreferenceCommand;
pub use event::PreferenceEvent;
pub use refusal::PreferenceRefusal;
pub use state::PreferenceState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::UserId;

/// Changes of one user: some each day for years. A switch that somebody's script turns all day has an end.
pub const CHANGES_MAX: u32 = 10_000;

/// The decider of preferences.
#[derive(Debug)]
pub struct Preference;

impl Decider for Preference {
    type Id = UserId;
    type Command = PreferenceCommand;
    type Event = PreferenceEvent;
    type State = PreferenceState;
    type Refusal = PreferenceRefusal;

    const AGGREGATE: &'static str = "preference";

    fn command_kind(command: &PreferenceCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &PreferenceState,
        command: PreferenceCommand,
        _: Context,
    ) -> Result<Vec<PreferenceEvent>, PreferenceRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut PreferenceState, event: &PreferenceEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &PreferenceState) -> bool {
        false
    }

    /// About nobody whom we call.
    fn scope(_: &UserId, _: &PreferenceState, _: &PreferenceEvent) -> Scope {
        Scope::default()
    }
}
