//! The refusal to record attempts now: the caller keeps the count and records it later.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    #[error("the latest event is less than a minute old: query again after {again_at}")]
    TooSoon { again_at: Timestamp },
}

impl DomainRefusal for AccessRefusal {}
