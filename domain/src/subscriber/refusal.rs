//! Refusals of a subscriber command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriberRefusal {
    #[error("this subscriber does not exist")]
    Unknown,
    #[error("this subscriber has another event filter: use another name or leave the filter out")]
    OtherEvents,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for SubscriberRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
