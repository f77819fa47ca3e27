//! The subscriber aggregate: a name under which somebody follows the events, and up to where they have them.
//!
//! Promises: its filter is fixed when it is added, so that its position means the same for ever; the position
//! moves forward by what the reader acknowledged, and backward only by a reset, which is on record with
//! both places. Its own events are told to no named subscriber: a position that is kept would else be news.

pub mod command;
mod decide;
pub mod event;
mod id;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::SubscriberCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::{Subscribed, SubscriberEvent};
pub use id::SubscriberId;
pub use refusal::SubscriberRefusal;
pub use state::SubscriberState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The subscriber's decider.
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

    /// What it follows is no statement about a campaign or a person.
    fn scope(_: &SubscriberId, _: &SubscriberState, _: &SubscriberEvent) -> Scope {
        Scope::default()
    }
}
