//! The setting aggregate: one value of a running installation. A change has a reason, and past values can be
//! queried.
//!
//! Guarantees: a setting always has a value, at first its default. A change records the old and the new value
//! and stays within the setting's bounds. One stream per setting; the envelope names the actor.

pub mod command;
mod decide;
pub mod event;
mod name;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::SettingCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::SettingEvent;
pub use name::SettingName;
pub use refusal::SettingRefusal;
pub use state::SettingState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the setting aggregate.
#[derive(Debug)]
pub struct Setting;

impl Decider for Setting {
    type Id = SettingName;
    type Command = SettingCommand;
    type Event = SettingEvent;
    type State = SettingState;
    type Refusal = SettingRefusal;

    const AGGREGATE: &'static str = "setting";

    fn command_kind(command: &SettingCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &SettingState,
        command: SettingCommand,
        _: Context,
    ) -> Result<Vec<SettingEvent>, SettingRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut SettingState, event: &SettingEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &SettingState) -> bool {
        false
    }

    /// Returns an empty scope: settings concern no campaign and no customer.
    fn scope(_: &SettingName, _: &SettingState, _: &SettingEvent) -> Scope {
        Scope::default()
    }
}
