//! Why a refused attempt is not put on record now: the count is kept and told later.

use crate::problem::Explained;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    #[error("the latest event is less than a minute old: query again after {again_at}")]
    TooSoon { again_at: Timestamp },
}

impl Explained for AccessRefusal {}
