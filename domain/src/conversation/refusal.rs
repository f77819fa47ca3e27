//! Refusals of a conversation command. No event is stored.

use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    #[error("this conversation does not exist")]
    Unknown,
    #[error("the conversation is closed: a new message opens another one")]
    Closed,
    #[error("the conversation is open: its transcript cannot be disposed of")]
    NotClosed,
    #[error("a message has an id of 1 to {bytes_max} printable ASCII characters")]
    MessageId { bytes_max: usize },
    #[error("a message has 1 to {chars_max} characters")]
    Text { chars_max: usize },
    /// The message was evaluated before another input: evaluate it again.
    #[error("the conversation has a newer input: try again")]
    WentOn,
    #[error("the person's key is gone: the conversation cannot go on")]
    Unreadable,
    #[error("the opt-out must be stored on the number first")]
    OptOutFirst,
    #[error("the conversation is not idle before {until}")]
    NotIdle { until: Timestamp },
}

impl Explained for ConversationRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
