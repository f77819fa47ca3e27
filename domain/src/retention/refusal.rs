//! Refusals of a retention command. No event is stored.

use super::decide::{DISPOSAL_ITEMS_MAX, PERIOD_DAYS_MAX};
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionRefusal {
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
    #[error("{days} days are below the minimum of {least} days ({rests_on})")]
    BelowFloor {
        days: u32,
        least: u32,
        rests_on: &'static str,
    },
    #[error(
        "{days} days are more than the limit of {PERIOD_DAYS_MAX}: without a retention period the data is \
         kept"
    )]
    AboveMax { days: u32 },
    #[error("disposal {disposal} is not complete: a retention run must finish it first")]
    UnderWay { disposal: u64 },
    #[error("a disposal must list 1 to {DISPOSAL_ITEMS_MAX} items of its data class")]
    NotOfClass,
    #[error("no retention period is set: nothing is deleted")]
    NoPeriod,
    #[error("not all of it is older than its retention period of {days} days")]
    TooEarly { days: u32 },
    #[error("there is no disposal {disposal}")]
    NotBegun { disposal: u64 },
}

impl DomainRefusal for RetentionRefusal {}
