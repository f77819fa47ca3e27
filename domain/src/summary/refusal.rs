//! Refusals of a summary: a text is too long, or a wording was not asked for.

use super::fact::SUMMARY_TEXT_CHARS_MAX;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SummaryRefusal {
    #[error("the text has {chars} characters, more than the {SUMMARY_TEXT_CHARS_MAX} it may have")]
    TextTooLong { chars: usize },
    #[error("the call has no summary yet")]
    NotRecorded,
    #[error("a model was already asked for a wording of this summary; it is asked only once")]
    WordingAsked,
    #[error("no model was asked for a wording of this summary")]
    WordingNotAsked,
}

impl Explained for SummaryRefusal {}
