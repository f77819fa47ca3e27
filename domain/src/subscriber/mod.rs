//! The subscriber aggregate: a named reader of the event log, with its filter and its acknowledged position.
//!
//! Guarantees: the filter is fixed when the subscriber is added, so that its position keeps its meaning. The
//! position moves forward by acknowledgements, and in any direction by a reset, which records both positions.
//! Subscriber events are not delivered to subscribers, because each acknowledgement would cause another
//! event.

pub mod command;
mod decide;
pub mod event;
mod id;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::SubscriberCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::{SubscriberEvent, SubscriberFilter};
pub use id::SubscriberId;
pub use refusal::SubscriberRefusal;
pub use state::SubscriberState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the subscriber aggregate.
#[derive(Debug)]
pub struct Subscriber;

impl Decider for Subscriber {
    type Id = SubscriberId;
    type Command = SubscriberCommand;
    type Event = SubscriberEvent;
    type State = SubscriberState;
    type Refusal = SubscriberRefusal;

    const AGGREGATE: &'static str = "subscriber";

    fn command_kind(command: &SubscriberCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &SubscriberState,
        command: SubscriberCommand,
        _: Context,
    ) -> Result<Vec<SubscriberEvent>, SubscriberRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut SubscriberState, event: &SubscriberEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns an empty scope: the filter does not make the event one of a campaign or customer.
    fn scope(_: &SubscriberId, _: &SubscriberState, _: &SubscriberEvent) -> Scope {
        Scope::default()
    }
}
