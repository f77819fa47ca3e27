//! Refusals of a view command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewRefusal {
    #[error("the rebuilt rows differ from the live rows: give a reason to accept them")]
    ReasonMissing,
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for ViewRefusal {}
