//! Refusals of an installation command. No event is stored.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstallationRefusal {
    #[error("dialing is not paused by a restore or a lost history: there is nothing to confirm")]
    NotPaused,
    #[error("the log belongs to another installation: its keys have another secret")]
    OtherName,
    #[error("the clock is not doubted: there is nothing to confirm")]
    ClockNotDoubted,
    #[error("a reason is needed")]
    NoReason,
    #[error("the {member} has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong {
        member: &'static str,
        bytes: usize,
        bytes_max: usize,
    },
}

impl Explained for InstallationRefusal {}
