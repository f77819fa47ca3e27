//! Refusals of a summary: a text is too long, or a wording was not asked for.

use super::fact::SUMMARY_TEXT_CHARS_MAX;
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SummaryRefusal {
    #[error("the text has {chars} characters, more than the limit of {SUMMARY_TEXT_CHARS_MAX}")]
    TextTooLong { chars: usize },
    #[error("the call has no events yet")]
    NotRecorded,
    #[error("a model summary was already requested; it can be requested once")]
    WordingAsked,
    #[error("no model summary was requested")]
    WordingNotAsked,
}

impl DomainRefusal for SummaryRefusal {}
