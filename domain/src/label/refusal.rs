//! Refusals of a label command. No event is stored.

use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelRefusal {
    #[error("the turn is settled")]
    Settled,
    #[error("{by} has labelled this turn: another user must label it")]
    Labelled { by: String },
    #[error("another user has this turn open until {until}")]
    OpenElsewhere { until: Timestamp },
    #[error("name an intent if the meaning is intent, and only then")]
    Intent,
    #[error("an intent has at most {bytes_max} bytes of lower-case letters, digits, _ . or -")]
    IntentUnreadable { bytes_max: usize },
    #[error("the name of the labelling user is missing")]
    Nobody,
}

impl Explained for LabelRefusal {}
