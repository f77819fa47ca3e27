//! Refusals of an inquiry command. No event is stored.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InquiryRefusal {
    #[error("this inquiry is already recorded: use a new id")]
    AskedBefore,
    #[error("the inquiry does not exist")]
    NotAsked,
    #[error("the SQL is empty")]
    Empty,
    #[error("a read must name at least one field")]
    NothingRead,
    #[error("{count} {member} are named, more than the {max} that one read may have")]
    TooMany {
        member: &'static str,
        count: usize,
        max: usize,
    },
    #[error("the {member} has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl Explained for InquiryRefusal {}
