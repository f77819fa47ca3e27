//! Why the list of our own phones is not changed: a rule said no, nothing was written.

use super::{LABEL_CHARS_MAX, REASON_BYTES_MAX};
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestPhonesRefusal {
    #[error("a reason is needed")]
    NoReason,
    #[error("a reason has at most {REASON_BYTES_MAX} bytes, a label at most {LABEL_CHARS_MAX} characters")]
    TooLong,
    #[error("the number does not stand on the list")]
    NotListed,
    #[error("at most {phones_max} phones may stand on the list")]
    TooMany { phones_max: usize },
}

impl Explained for TestPhonesRefusal {}
