//! Refusals of a saved report command. No event is stored.

use super::plan::PlanFault;
use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedReportRefusal {
    #[error("{0}")]
    Plan(PlanFault),
    #[error("there is no such saved report")]
    Nothing,
    #[error("there is a saved report of this name")]
    Taken,
    #[error("this saved report belongs to another user")]
    NotTheirs,
    #[error("it was sent for {due} already")]
    SentAlready { due: Timestamp },
    #[error("{due} is not a due time of its schedule")]
    NotDue { due: Timestamp },
    #[error("more figures than one report has")]
    TooMuch,
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    ReasonTooLong { bytes: usize, bytes_max: usize },
}

impl Explained for SavedReportRefusal {}
