//! The NumberChecker port: an external number library that knows which numbers are vacant.
//!
//! **Guarantees of every implementation.** It sends one request for at most `CHECKED_AT_ONCE_MAX` numbers and
//! answers within twenty seconds, whatever the service does. The answer has a state for each number, in their
//! order. An answer of another length, or with a state other than the six known ones, counts as a failure for
//! all numbers. It never logs a number.

use crate::number_check::CheckedState;
use async_trait::async_trait;

/// The most numbers in one request to the number library; its answer is a few kilobytes.
pub const CHECKED_AT_ONCE_MAX: usize = 100;

/// The failure of a number check: no number was checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not checked: {class}")]
pub struct NumberCheckFailure {
    /// Class of the failure, for example `timed_out` or `answer_unreadable`.
    pub class: String,
    pub status: Option<u16>,
}

/// Checks which numbers are vacant.
#[async_trait]
pub trait NumberChecker: Send + Sync {
    /// Returns the state of each number, in the order of `numbers`. Numbers are in E.164 form; at most
    /// `CHECKED_AT_ONCE_MAX`.
    async fn check(&self, numbers: &[String]) -> Result<Vec<CheckedState>, NumberCheckFailure>;
}
