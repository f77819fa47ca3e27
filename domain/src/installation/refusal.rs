//! Refusals of an installation command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstallationRefusal {
    #[error("dialing is not paused by a restore or missing history: there is nothing to confirm")]
    NotPaused,
    #[error("the log belongs to another installation: its keys have another secret")]
    OtherName,
    #[error("the clock is trusted: there is nothing to confirm")]
    ClockNotDoubted,
    #[error("a reason is required")]
    NoReason,
    #[error("the {member} has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl DomainRefusal for InstallationRefusal {}
