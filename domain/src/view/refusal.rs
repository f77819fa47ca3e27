//! Refusals of a view command. No event is stored.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewRefusal {
    #[error("the new rows differ from the live ones: give a reason why they are correct")]
    ReasonMissing,
    #[error("the {member} has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl Explained for ViewRefusal {}
