//! Why a command to a complaint can be refused: a rule said no, nothing was written.

use crate::case::CaseTextError;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComplaintRefusal {
    #[error("this complaint does not exist")]
    Unknown,
    #[error("the complaint says neither whom nor which number, call or campaign it is about")]
    AboutNobody,
    #[error("the complaint was received before it is opened, not after")]
    ReceivedLater,
    #[error("the day by which it is to be answered lies before the day on which it came")]
    DueBefore,
    #[error("the complaint is resolved: what comes after it is a complaint of its own")]
    Resolved,
    #[error(transparent)]
    Text(#[from] CaseTextError),
}

impl Explained for ComplaintRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
