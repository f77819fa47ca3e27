//! The access aggregate: refused attempts to sign in or to act without permission.
//!
//! Guarantees: refused attempts are recorded with their count, and repeated attempts store at most one event
//! a minute. One stream per user, key or address; the stream of an address is named by a keyed hash.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::AccessCommand;
pub use decide::RECORDED_EVERY_MS;
pub use event::{AccessEvent, RefusedFacts};
pub use refusal::AccessRefusal;
pub use state::AccessState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::AccessId;

/// The decider of the access aggregate.
#[derive(Debug)]
pub struct Access;

impl Decider for Access {
    type Id = AccessId;
    type Command = AccessCommand;
    type Event = AccessEvent;
    type State = AccessState;
    type Refusal = AccessRefusal;

    const AGGREGATE: &'static str = "access";

    fn command_kind(command: &AccessCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &AccessState,
        command: AccessCommand,
        context: Context,
    ) -> Result<Vec<AccessEvent>, AccessRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut AccessState, event: &AccessEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn scope(_: &AccessId, _: &AccessState, _: &AccessEvent) -> Scope {
        Scope::default()
    }
}
