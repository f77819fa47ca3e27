//! Why something is not put on record of a view: a rule said no, nothing was written.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewRefusal {
    #[error("the next rows differ from the live ones: say why they are right")]
    ReasonMissing,
    #[error("the {member} has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl Explained for ViewRefusal {}
