//! Why a command about messages can be refused: a rule said no, nothing was written.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    #[error("this message does not exist")]
    Unknown,
    #[error("a message has 1 to {chars_max} characters")]
    Text { chars_max: usize },
    #[error("a reply has an id of 1 to {bytes_max} printable ASCII characters")]
    ReplyId { bytes_max: usize },
    #[error("rule {rule} lets us write nothing to this person")]
    NotPermitted { rule: String },
    #[error("the person was sent {count} messages in {hours} hours, as many as there may be")]
    Cap { count: usize, hours: u64 },
    #[error("more than {replies_max} replies in a day: nobody reads them")]
    TooManyReplies { replies_max: usize },
    #[error("a refusal of further calls is stored on the number before it is here")]
    OptOutFirst,
}

impl Explained for MessageRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
