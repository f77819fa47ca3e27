//! Refusals of an inquiry command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InquiryRefusal {
    #[error("this query is already recorded: use a new one")]
    AskedBefore,
    #[error("the query is empty")]
    NotAsked,
    #[error("the SQL is empty")]
    Empty,
    #[error("a read of personal data must name at least one field")]
    NothingRead,
    #[error("{count} {member} are given, more than the limit of {max} per read")]
    TooMany {
        member: &'static str,
        count: usize,
        max: usize,
    },
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for InquiryRefusal {}
