//! A number that calls may show: by which licence, until which day, and how many calls may show it at once.
//!
//! It is a setting of a trunk, and no event: what was shown stands in `call.dialing`.

use crate::working_calendar::Day;
use serde::{Deserialize, Serialize};

/// One of a trunk's numbers. Without a day it does not expire, as far as we were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerNumber {
    /// E.164 or the carrier's own form.
    pub number: String,
    /// The last day on which its licence lets it be shown.
    pub valid_until: Option<Day>,
    /// By what it may be shown: a licence or an authorisation, by its own name.
    pub licence: Option<String>,
}

impl CallerNumber {
    /// One of which no end is known.
    pub fn without_end(number: impl Into<String>) -> Self {
        Self {
            number: number.into(),
            valid_until: None,
            licence: None,
        }
    }
}
