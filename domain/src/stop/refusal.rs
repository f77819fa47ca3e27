//! Refusals of a stop command. No event is stored.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopRefusal {
    #[error("the stop is not engaged: there is nothing to lift")]
    NotEngaged,
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl Explained for StopRefusal {}
