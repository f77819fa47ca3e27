//! Refusals of a complaint command. No event is stored.

use crate::case::CaseTextError;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComplaintRefusal {
    #[error("this complaint does not exist")]
    Unknown,
    #[error("the complaint has no subject: name a customer, number, call or campaign")]
    AboutNobody,
    #[error("received_at is in the future: the complaint cannot be received after it is opened")]
    ReceivedLater,
    #[error("the deadline is before the time at which the complaint was received")]
    DueBefore,
    #[error("the complaint is resolved: open a new one")]
    Resolved,
    #[error(transparent)]
    Text(#[from] CaseTextError),
}

impl Explained for ComplaintRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
