//! Refusals of a draft command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftRefusal {
    #[error("a draft already exists here")]
    Taken,
    #[error("there is no such draft")]
    NotThere,
    #[error("a draft needs a title")]
    NoTitle,
    #[error("the {what} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        what: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for DraftRefusal {
    fn is_missing(&self) -> bool {
        *self == Self::NotThere
    }
}
