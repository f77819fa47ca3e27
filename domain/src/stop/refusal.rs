//! Refusals of a stop command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopRefusal {
    #[error("the emergency stop is not active: there is nothing to lift")]
    NotEngaged,
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for StopRefusal {}
