//! Why a command to a conversation can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationRefusal {
    #[error("this conversation does not exist")]
    Unknown,
    #[error("the conversation is closed: what is written now begins another one")]
    Closed,
    #[error("the conversation goes on: what is written in it is not disposed of")]
    NotClosed,
    #[error("a message has an id of 1 to {bytes_max} printable ASCII characters")]
    MessageId { bytes_max: usize },
    #[error("a message has 1 to {chars_max} characters")]
    Text { chars_max: usize },
    /// Read for where the conversation was: read it again.
    #[error("the conversation went on meanwhile: ask again")]
    WentOn,
    #[error("the person's key is gone: the conversation cannot go on")]
    Unreadable,
    #[error("a refusal of further calls is stored on the number before it is here")]
    OptOutFirst,
    #[error("somebody may still go on with it until {until}")]
    NotIdle { until: Timestamp },
}

impl Explained for ConversationRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
