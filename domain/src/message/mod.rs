//! The message aggregate: the messages to one customer besides calls, and the replies, over all campaigns.
//!
//! Guarantees: a message is stored before it is sent and its result afterwards; a message that may have been
//! sent is never sent again. The verdicts of the rules are stored with it. Caps are counted only here, so
//! that two orders cannot race past them. An opt-out in a reply is stored in the number's own stream first.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::MessageCommand;
pub use decide::{
    MESSAGES_PER_DAY_MAX, MESSAGES_PER_MONTH_MAX, REPLIES_PER_DAY_MAX, REPLY_ID_BYTES_MAX, TEXT_CHARS_MAX,
};
pub use event::{MessageEvent, MessageMethod, MessageOrderedFact, MessageRepliedFact};
pub use refusal::MessageRefusal;
pub use state::{MessageState, OrderedMessage, SendResult};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::CustomerId;

/// The decider of one customer's messages.
#[derive(Debug)]
pub struct Message;

impl Decider for Message {
    type Id = CustomerId;
    type Command = MessageCommand;
    type Event = MessageEvent;
    type State = MessageState;
    type Refusal = MessageRefusal;

    const AGGREGATE: &'static str = "message";

    fn command_kind(command: &MessageCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &MessageState,
        command: MessageCommand,
        context: Context,
    ) -> Result<Vec<MessageEvent>, MessageRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut MessageState, event: &MessageEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn scope(customer: &CustomerId, state: &MessageState, event: &MessageEvent) -> Scope {
        Scope {
            campaign: event
                .message()
                .and_then(|message| state.campaign_of(message))
                .cloned(),
            customer: Some(customer.clone()),
        }
    }
}
