//! Refusals of a person request command. No event is stored.

use crate::case::CaseTextError;
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonRequestRefusal {
    #[error("this request does not exist")]
    Unknown,
    #[error("the request must be received before it is recorded")]
    ReceivedLater,
    #[error("the request is answered: record a new request for what follows")]
    Answered,
    #[error(transparent)]
    Text(#[from] CaseTextError),
}

impl DomainRefusal for PersonRequestRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
