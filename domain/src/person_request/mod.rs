//! The person request aggregate: a person's request about their own data, its deadline, and its answer.
//!
//! Guarantees: the deadline and its legal basis are fixed when the request is received. It is answered once,
//! with a note and the event that carried it out. The users who received and answered it are recorded. A
//! request changes no customer: an erasure, a restriction or a read is a command of that entity, caused by
//! the request.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod wish;

#[cfg(test)]
mod tests;

pub use command::{PersonRequestCommand, PersonRequestInput};
pub use event::PersonRequestEvent;
pub use refusal::PersonRequestRefusal;
pub use state::{PersonRequestAnswer, PersonRequestState, ReceivedRequest};
pub use wish::{AnswerKind, Wish};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::PersonRequestId;

/// The decider of the person request aggregate.
#[derive(Debug)]
pub struct PersonRequest;

impl Decider for PersonRequest {
    type Id = PersonRequestId;
    type Command = PersonRequestCommand;
    type Event = PersonRequestEvent;
    type State = PersonRequestState;
    type Refusal = PersonRequestRefusal;

    const AGGREGATE: &'static str = "person_request";

    fn command_kind(command: &PersonRequestCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &PersonRequestState,
        command: PersonRequestCommand,
        context: Context,
    ) -> Result<Vec<PersonRequestEvent>, PersonRequestRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut PersonRequestState, event: &PersonRequestEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns the customer who made the request.
    fn scope(_: &PersonRequestId, state: &PersonRequestState, event: &PersonRequestEvent) -> Scope {
        let customer = match event {
            PersonRequestEvent::Received { customer, .. } => Some(customer.clone()),
            PersonRequestEvent::Answered { .. } => state.received().map(|received| received.customer.clone()),
        };
        Scope {
            campaign: None,
            customer,
        }
    }
}
