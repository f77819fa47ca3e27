//! One phone number, over all customers and campaigns: opt-outs, suppressions, caps, its side of a permit.
//!
//! After an opt-out or a suppression no grant follows on this stream; the calls granted before are named in
//! the event, so that they are withdrawn or cancelled. Its events hold nothing personal and no key of any
//! person: an opt-out outlives an erasure.

mod claims;
pub mod command;
mod decide;
pub mod event;
mod lists;
mod past;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::NumberCommand;
pub use decide::facts_of;
pub use event::{NumberEvent, OptOutSource};
pub use refusal::NumberRefusal;
pub use state::NumberState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::NumberId;

/// The number's decider.
#[derive(Debug)]
pub struct Number;

impl Decider for Number {
    type Id = NumberId;
    type Command = NumberCommand;
    type Event = NumberEvent;
    type State = NumberState;
    type Refusal = NumberRefusal;

    const AGGREGATE: &'static str = "number";

    fn command_kind(command: &NumberCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &NumberState,
        command: NumberCommand,
        context: Context,
    ) -> Result<Vec<NumberEvent>, NumberRefusal> {
        decide::decide(state, command, context)
    }

    fn evolve(state: &mut NumberState, event: &NumberEvent, at: Timestamp) {
        state.evolve(event, at);
    }

    /// The campaign where the event has one; never a person.
    fn is_underway(state: &NumberState) -> bool {
        state.history().has_open()
    }

    fn scope(_id: &NumberId, state: &NumberState, event: &NumberEvent) -> Scope {
        // A closed call is one of the number's own history.
        let closed = || {
            state
                .history()
                .find(event.call_closed()?)
                .map(|dial| &dial.campaign)
        };
        Scope {
            campaign: event.campaign().or_else(closed).cloned(),
            customer: None,
        }
    }
}
