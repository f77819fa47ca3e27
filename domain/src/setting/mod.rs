//! The setting aggregate: one value by which a running installation goes, changed with a reason and read as
//! of any time.
//!
//! Promises: a setting has a value from the start, its default; a change says what was before and what is
//! after, and lies within the setting's bounds. One stream per setting; who changed it stands in the
//! envelope.

pub mod command;
mod decide;
pub mod event;
mod name;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
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

/// The setting's decider.
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

    /// About nobody.
    fn scope(_: &SettingName, _: &SettingState, _: &SettingEvent) -> Scope {
        Scope::default()
    }
}
