//! Refusals of a label command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelRefusal {
    #[error("the label of this utterance is final")]
    Settled,
    #[error("{by} already labeled this utterance: another person must label it")]
    Labelled { by: String },
    #[error("another user is labeling this utterance until {until}")]
    OpenElsewhere { until: Timestamp },
    #[error("give an intent only with the label intent")]
    Intent,
    #[error("an intent can have at most {bytes_max} bytes of lower-case letters, digits, _ . or -")]
    IntentUnreadable { bytes_max: usize },
    #[error("give the name of the labeler")]
    NoLabeler,
}

impl DomainRefusal for LabelRefusal {}
