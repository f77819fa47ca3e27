//! Why a label is refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelRefusal {
    #[error("the turn is settled")]
    Settled,
    #[error("{by} has labelled this turn: another person is asked")]
    Labelled { by: String },
    #[error("somebody else has this turn open until {until}")]
    OpenElsewhere { until: Timestamp },
    #[error("an intent is named where one is meant, and only there")]
    Intent,
    #[error("an intent has at most {bytes_max} bytes of lower-case letters, digits, _ . or -")]
    IntentUnreadable { bytes_max: usize },
    #[error("say who labels it")]
    Nobody,
}

impl Explained for LabelRefusal {}
