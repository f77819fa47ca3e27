//! The installation aggregate: what happened to the log as a whole: whose it is, that it or its keys were
//! restored, how far its processes' clocks were from others, and whether they are believed.
//!
//! Promises: after a restore, and once it lost history that was known, dialing is paused until a person
//! confirms it with a reason, because such a past does not know whom it has called since; each further one
//! pauses it again. A log has one name for life. One stream, `installation-log`.

pub mod clock;
pub mod command;
mod decide;
pub mod event;
pub mod keys;
pub mod loss;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use clock::{ClockDoubt, ClockDoubtCause, ClockTrust};
pub use command::InstallationCommand;
pub use decide::{CLOCK_CHANGE_MS, CLOCK_NOTE_MS, CLOCK_SKEW_MS_MAX, REASON_BYTES_MAX, USER_BYTES_MAX};
pub use event::{ClockOffset, InstallationEvent};
pub use keys::RestoredKeys;
pub use loss::{KnownBy, LostHistory};
pub use refusal::InstallationRefusal;
pub use state::InstallationState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::LogId;

/// The installation's decider.
#[derive(Debug)]
pub struct Installation;

impl Decider for Installation {
    type Id = LogId;
    type Command = InstallationCommand;
    type Event = InstallationEvent;
    type State = InstallationState;
    type Refusal = InstallationRefusal;

    const AGGREGATE: &'static str = "installation";

    fn command_kind(command: &InstallationCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &InstallationState,
        command: InstallationCommand,
        context: Context,
    ) -> Result<Vec<InstallationEvent>, InstallationRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut InstallationState, event: &InstallationEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// About no campaign and no person.
    fn scope(_: &LogId, _: &InstallationState, _: &InstallationEvent) -> Scope {
        Scope::default()
    }
}
