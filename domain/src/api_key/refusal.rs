//! Refusals of an API key command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRefusal {
    #[error("this key does not exist")]
    Unknown,
    #[error("this key exists already")]
    Exists,
    #[error("a key needs at least one scope")]
    NoScope,
    #[error("a key must expire after {now} and not after {latest}")]
    Expiry { now: Timestamp, latest: Timestamp },
    #[error("a reason is required")]
    NoReason,
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for ApiKeyRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
