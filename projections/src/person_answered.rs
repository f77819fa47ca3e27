//! Calls that a person answered, as every counting view adds them up: the metrics' term
//! `person_answered_calls`.
//!
//! A call is one of them when it was answered and has ended, and neither a machine nor a screening assistant
//! had answered, nor was the callee gone at once. A correction moves it, in or out.

use domain::call::Finding;
use domain::disposition::Disposition;

/// What an answered call adds by its end: 1 or 0.
pub(crate) fn at_end(disposition: Disposition) -> i64 {
    i64::from(disposition.is_by_person())
}

/// What an answered call adds by a correction: 1, 0 or -1.
pub(crate) fn by_correction(before: Finding, after: Finding) -> i64 {
    at_end(after.disposition) - at_end(before.disposition)
}
