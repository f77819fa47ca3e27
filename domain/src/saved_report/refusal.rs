//! Refusals of a saved report command. No event is stored.

use super::plan::PlanFault;
use crate::problem::DomainRefusal;
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
    #[error("the report of {due} was already sent")]
    SentAlready { due: Timestamp },
    #[error("{due} is not a scheduled send time")]
    NotDue { due: Timestamp },
    #[error("too many figures for one report")]
    TooMuch,
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    ReasonTooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for SavedReportRefusal {}
