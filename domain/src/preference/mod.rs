//! The preference aggregate: a user's language, theme and first page of the console.
//!
//! Guarantees: one stream per user, with the user's name as id. A choice contains all preferences. No
//! decision uses them. All values come from closed lists, so nothing personal is stored.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod user_preferences;

#[cfg(test)]
mod tests;

pub use command::PreferenceCommand;
pub use event::PreferenceEvent;
pub use refusal::PreferenceRefusal;
pub use state::PreferenceState;
pub use user_preferences::{HomePage, PreferredLanguage, PreferredTheme, UserPreferences};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::UserId;

/// Most changes by one user: some each day for years. It stops a script that changes preferences in a loop.
pub const CHANGES_MAX: u32 = 10_000;

/// The decider of the preference aggregate.
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

    /// Returns an empty scope: preferences concern no customer.
    fn scope(_: &UserId, _: &PreferenceState, _: &PreferenceEvent) -> Scope {
        Scope::default()
    }
}
