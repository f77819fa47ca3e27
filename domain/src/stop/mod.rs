//! The stop aggregate: an emergency stop of everything, one trunk, one campaign or one preset.
//!
//! Guarantees: while it is engaged, no new dial starts in its scope. It lasts, also across restarts, until a
//! user lifts it. The users who engaged and lifted it, and their reasons, are recorded. Engaging it again can
//! only extend it to active calls. One stream per stop: `stop-all`, `stop-trunk.<name>`,
//! `stop-campaign.<id>`, `stop-preset.<code>`.

pub mod command;
mod decide;
pub mod event;
mod id;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::StopCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::StopEvent;
pub use id::{StopId, StopScope, TRUNK_NAME_BYTES_MAX};
pub use refusal::StopRefusal;
pub use state::{ActiveStop, StopState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the stop aggregate.
#[derive(Debug)]
pub struct Stop;

impl Decider for Stop {
    type Id = StopId;
    type Command = StopCommand;
    type Event = StopEvent;
    type State = StopState;
    type Refusal = StopRefusal;

    const AGGREGATE: &'static str = "stop";

    fn command_kind(command: &StopCommand) -> &'static str {
        command.kind()
    }

    fn decide(state: &StopState, command: StopCommand, _: Context) -> Result<Vec<StopEvent>, StopRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut StopState, event: &StopEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the campaign that the stop applies to, if it is the stop of one.
    fn scope(id: &StopId, _: &StopState, _: &StopEvent) -> Scope {
        Scope {
            campaign: id.campaign().cloned(),
            customer: None,
        }
    }
}
