//! Refusals of a preference command. No event is stored.

use super::CHANGES_MAX;
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreferenceRefusal {
    #[error("this user's preferences were changed {CHANGES_MAX} times and can no longer be changed")]
    TooOften,
}

impl DomainRefusal for PreferenceRefusal {}
