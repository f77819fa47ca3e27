//! Why a summary can be refused: it says more than one may.

use super::fact::SUMMARY_TEXT_CHARS_MAX;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SummaryRefusal {
    #[error("the text has {chars} characters, more than the {SUMMARY_TEXT_CHARS_MAX} it may have")]
    TextTooLong { chars: usize },
}

impl Explained for SummaryRefusal {}
