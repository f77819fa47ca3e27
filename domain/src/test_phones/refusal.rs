//! Refusals of a test phones command. No event is stored.

use super::{LABEL_CHARS_MAX, REASON_BYTES_MAX};
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestPhonesRefusal {
    #[error("a reason is required")]
    NoReason,
    #[error(
        "a reason can have at most {REASON_BYTES_MAX} bytes, a label at most {LABEL_CHARS_MAX} characters"
    )]
    TooLong,
    #[error("the number is not on the list")]
    NotListed,
    #[error("the list can have at most {phones_max} phones")]
    TooMany { phones_max: usize },
}

impl DomainRefusal for TestPhonesRefusal {}
