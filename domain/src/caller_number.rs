//! A caller number: its licence and its last day.
//!
//! It is a setting of a trunk and not an event; `call.dialing` stores the number that was shown.

use crate::working_calendar::Day;
use serde::{Deserialize, Serialize};

/// One of a trunk's caller numbers, with its licence. Without `valid_until` no end of the licence is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerNumber {
    /// The number, in E.164 or the carrier's own form.
    pub number: String,
    /// The last day on which its licence allows showing it.
    pub valid_until: Option<Day>,
    /// The licence or authorization under which it is shown, by name.
    pub licence: Option<String>,
}

impl CallerNumber {
    /// Creates a caller number with no known licence and end.
    pub fn without_end(number: impl Into<String>) -> Self {
        Self {
            number: number.into(),
            valid_until: None,
            licence: None,
        }
    }
}
