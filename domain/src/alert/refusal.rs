//! Refusals of an alert command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertRefusal {
    #[error("the alert is not active: there is nothing to acknowledge")]
    NotStanding,
    #[error("a note or reason is required")]
    NoReason,
    #[error("a mute must end after {now} and not after {latest}")]
    MuteEnd { now: Timestamp, latest: Timestamp },
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for AlertRefusal {}
