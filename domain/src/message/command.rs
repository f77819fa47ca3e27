//! The commands about one customer's messages: order one, record its result, take a reply.

use super::event::{MessageOrderedFact, MessageRepliedFact};
use super::state::SendResult;
use values::ids::MessageId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "message")]
pub enum MessageCommand {
    /// Orders a message. If it was ordered already, no event is stored.
    Order(Box<MessageOrderedFact>),
    /// Records the result of a message. A second result stores no event.
    Settle { message: MessageId, sent: SendResult },
    /// Takes a reply. If it was taken already, no event is stored.
    Reply {
        replied: MessageRepliedFact,
        /// True if the opt-out is stored in the number's own stream.
        opt_out_stored: bool,
    },
}
