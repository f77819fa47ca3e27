//! Refusals of a sample command. No event is stored.

use crate::problem::DomainRefusal;
use values::ids::CallId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleRefusal {
    #[error("the sample cannot be drawn: {0}")]
    Unsound(&'static str),
    #[error("this sample was already drawn with other settings")]
    DrawnOtherwise,
    #[error("this sample was never drawn")]
    NotDrawn,
    #[error("call {0} is not in this sample")]
    NotInSample(CallId),
    #[error("the checklist has no item {0:?}")]
    UnknownItem(String),
    #[error("checklist item {0} has no answer")]
    Unanswered(&'static str),
    #[error("{lacking} of its calls are not checked yet, for example {first}")]
    FindingsLacking { lacking: usize, first: CallId },
    #[error("this sample is signed off")]
    SignedOff,
    #[error("the signer is missing")]
    NoName,
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for SampleRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotDrawn)
    }
}
