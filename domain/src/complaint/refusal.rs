//! Refusals of a complaint command. No event is stored.

use crate::case::CaseTextError;
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComplaintRefusal {
    #[error("this complaint does not exist")]
    Unknown,
    #[error("the complaint names no customer, number, call or campaign")]
    NoSubject,
    #[error("the complaint must be received before it is recorded")]
    ReceivedLater,
    #[error("the deadline is before the day on which the request was received")]
    DueBefore,
    #[error("the complaint is resolved: record a new complaint for what follows")]
    Resolved,
    #[error(transparent)]
    Text(#[from] CaseTextError),
}

impl DomainRefusal for ComplaintRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
