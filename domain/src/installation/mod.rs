//! The installation aggregate: facts about the log as a whole. Its fingerprint, restores of the log or its
//! keys, lost history, and the clocks of its processes.
//!
//! Guarantees: after a restore or a loss of known history, dialing is off until a user confirms it with a
//! reason, because the calls made since then are unknown. Each further restore or loss stops it again. A log
//! has one fingerprint forever. One stream, `installation-log`.

pub mod clock;
pub mod command;
mod decide;
pub mod event;
pub mod keys;
pub mod loss;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use clock::{ClockDoubt, ClockDoubtCause, ClockTrust};
pub use command::InstallationCommand;
pub use decide::{CLOCK_CHANGE_MS, CLOCK_NOTE_MS, CLOCK_SKEW_MS_MAX, REASON_BYTES_MAX, USER_BYTES_MAX};
pub use event::{ClockOffset, InstallationEvent};
pub use keys::RestoredKeys;
pub use loss::{LossEvidence, LostHistory};
pub use refusal::InstallationRefusal;
pub use state::InstallationState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::LogId;

/// The decider of the installation aggregate.
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

    /// Returns an empty scope: the events belong to no campaign and no customer.
    fn scope(_: &LogId, _: &InstallationState, _: &InstallationEvent) -> Scope {
        Scope::default()
    }
}
