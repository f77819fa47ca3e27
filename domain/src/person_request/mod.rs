//! The person_request aggregate: what a person asked about their own data, until when it is answered, and
//! what was done.
//!
//! Promises: the deadline and what it rests on are fixed when the request is received; it is answered
//! once, with what was done and the event that did it; who received and answered it is recorded. It
//! changes no person: an erasure, a hold or a read is that one's own command, caused by the request.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;
mod wish;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::{PersonRequestCommand, Receiving};
pub use event::PersonRequestEvent;
pub use refusal::PersonRequestRefusal;
pub use state::{AnsweredRequest, PersonRequestState, ReceivedRequest};
pub use wish::{AnswerKind, Wish};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::PersonRequestId;

/// The request's decider.
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

    /// The person who asked.
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
