//! Why a command to an inquiry can be refused: a rule said no, nothing was written.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InquiryRefusal {
    #[error("this inquiry is on record already: ask with a new one")]
    AskedBefore,
    #[error("nothing was asked")]
    NotAsked,
    #[error("there is nothing to ask: the SQL is empty")]
    Empty,
    #[error("a read that shows no field is none")]
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
