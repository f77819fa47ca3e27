//! The commands about one customer's messages: order one, record its result, take a reply.

use super::event::{MessageOrderedFact, MessageRepliedFact};
use super::state::SendResult;
use values::ids::MessageId;

#[derive(Debug, Clone, PartialEq, Eq)]
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

impl MessageCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "message.order",
            Self::Settle { .. } => "message.settle",
            Self::Reply { .. } => "message.reply",
        }
    }
}
