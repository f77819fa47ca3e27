//! Refusals of a conversation command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    #[error("this conversation does not exist")]
    Unknown,
    #[error("the conversation is closed: a new message starts another conversation")]
    Closed,
    #[error("the conversation is open: its texts cannot be deleted yet")]
    NotClosed,
    #[error("a message id must have 1 to {bytes_max} printable ASCII characters")]
    MessageId { bytes_max: usize },
    #[error("a message must have 1 to {chars_max} characters")]
    Text { chars_max: usize },
    /// The message was evaluated before another input: evaluate it again.
    #[error("the conversation changed meanwhile: try again")]
    WentOn,
    #[error("the customer's key was destroyed: the conversation cannot continue")]
    Unreadable,
    #[error("an opt-out must be stored on the number first")]
    OptOutFirst,
    #[error("the customer may continue it until {until}")]
    NotIdle { until: Timestamp },
}

impl DomainRefusal for ConversationRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
