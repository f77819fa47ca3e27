//! Why something is not put on record of a view: a rule said no, nothing was written.

use crate::problem::Explained;

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

impl Explained for ViewRefusal {}
