//! The number aggregate: one phone number over all customers and campaigns, with opt-outs, suppressions, caps
//! and its side of a permit.
//!
//! After an opt-out or a suppression this stream makes no grant; the event names the calls granted before, so
//! that they are withdrawn or canceled. Its events hold no personal data and no key of a person: an opt-out
//! outlives an erasure.

mod claims;
pub mod command;
mod decide;
pub mod event;
mod lists;
mod past_calls;
mod refusal;
mod state;

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

/// The decider of the number aggregate.
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

    /// Returns true while a call to the number is open.
    fn is_underway(state: &NumberState) -> bool {
        state.history().has_open()
    }

    /// Returns the event's campaign, if it has one, and never a person.
    fn scope(_id: &NumberId, state: &NumberState, event: &NumberEvent) -> Scope {
        // A closed call's campaign is in the number's own history.
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
