//! Requests about the messages of one person: send one, say what became of it, take a reply.

use super::event::{OrderedFact, RepliedFact};
use super::state::SentAs;
use values::ids::MessageId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageCommand {
    /// Ordered already: answered without an event.
    Order(Box<OrderedFact>),
    /// What became of it; said once.
    Settle { message: MessageId, sent: SentAs },
    /// Taken already: answered without an event.
    Reply {
        replied: RepliedFact,
        /// The number's own stream says that further calls are refused.
        opt_out_stored: bool,
    },
}

impl MessageCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "message.order",
            Self::Settle { .. } => "message.settle",
            Self::Reply { .. } => "message.reply",
        }
    }
}
