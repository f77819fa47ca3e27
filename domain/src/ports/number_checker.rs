//! The number checker's port: somebody else's library that knows which numbers are vacant.
//!
//! **What every implementation promises.** It asks once for at most `CHECKED_AT_ONCE_MAX` numbers and
//! answers within twenty seconds, whatever the other side does. The answer has a state for each number, in
//! their order; an answer of another length, or with a state that is none of the six, is no answer for any of
//! them. It never logs a number.

use crate::number_check::CheckedState;
use async_trait::async_trait;

/// Most numbers of one question: their answer is a few kilobytes.
pub const CHECKED_AT_ONCE_MAX: usize = 100;

/// Why nothing was learnt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not checked: {class}")]
pub struct NotChecked {
    /// Such as `timed_out` or `answer_unreadable`.
    pub class: String,
    pub status: Option<u16>,
}

/// Asks which numbers are vacant.
#[async_trait]
pub trait NumberChecker: Send + Sync {
    /// Numbers in international form.
    async fn check(&self, numbers: &[String]) -> Result<Vec<CheckedState>, NotChecked>;
}
