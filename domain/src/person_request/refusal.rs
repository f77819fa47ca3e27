//! Refusals of a person request command. No event is stored.

use crate::case::CaseTextError;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonRequestRefusal {
    #[error("this request does not exist")]
    Unknown,
    #[error("received_at is in the future: the request cannot be received after it is recorded")]
    ReceivedLater,
    #[error("the request is answered: record a new one")]
    Answered,
    #[error(transparent)]
    Text(#[from] CaseTextError),
}

impl Explained for PersonRequestRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
