//! Refusals of a retention command. No event is stored.

use super::decide::{DISPOSAL_ITEMS_MAX, PERIOD_DAYS_MAX};
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetentionRefusal {
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong { bytes: usize, bytes_max: usize },
    #[error("{days} days are below the floor of {least} days ({rests_on})")]
    BelowFloor {
        days: u32,
        least: u32,
        rests_on: &'static str,
    },
    #[error("{days} days are more than the {PERIOD_DAYS_MAX} that can be set: without a period it is kept")]
    AboveMax { days: u32 },
    #[error("disposal {disposal} is not completed: a run finishes it first")]
    UnderWay { disposal: u64 },
    #[error("a disposal names 1 to {DISPOSAL_ITEMS_MAX} things of its class")]
    NotOfClass,
    #[error("no period is set: nothing is disposed of")]
    NoPeriod,
    #[error("not all of it is past its period of {days} days")]
    TooEarly { days: u32 },
    #[error("there is no disposal {disposal}")]
    NotBegun { disposal: u64 },
}

impl Explained for RetentionRefusal {}
