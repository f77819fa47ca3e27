//! Refusals of a setting command. No event is stored.

use super::name::SettingName;
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingRefusal {
    #[error("{name} must be {least} to {most}, not {asked}")]
    OutOfBounds {
        name: SettingName,
        asked: u64,
        least: u64,
        most: u64,
    },
    #[error("{asked} is not a country calling code: use one such as 86 or 1, or 0")]
    NotACallingCode { asked: u64 },
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for SettingRefusal {}
