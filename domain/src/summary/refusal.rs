//! Why a summary can be refused: it says more than one may, or what was not asked for.

use super::fact::SUMMARY_TEXT_CHARS_MAX;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SummaryRefusal {
    #[error("the text has {chars} characters, more than the {SUMMARY_TEXT_CHARS_MAX} it may have")]
    TextTooLong { chars: usize },
    #[error("nothing is recorded of the call yet")]
    NotRecorded,
    #[error("a model was asked for its wording already; it is asked once")]
    WordingAsked,
    #[error("no model was asked for its wording")]
    WordingNotAsked,
}

impl Explained for SummaryRefusal {}
