//! Refusals of a message command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    #[error("this message does not exist")]
    Unknown,
    #[error("a message must have 1 to {chars_max} characters")]
    Text { chars_max: usize },
    #[error("a reply id must have 1 to {bytes_max} printable ASCII characters")]
    ReplyId { bytes_max: usize },
    #[error("rule {rule} does not allow messages to this customer")]
    NotPermitted { rule: String },
    #[error("the customer received {count} messages in {hours} hours, which is the limit")]
    Cap { count: usize, hours: u64 },
    #[error("more than {replies_max} replies in a day are not accepted")]
    TooManyReplies { replies_max: usize },
    #[error("an opt-out must be stored on the number first")]
    OptOutFirst,
}

impl DomainRefusal for MessageRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
