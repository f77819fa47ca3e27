//! Counts the calls that a person answered, the metrics' term `person_answered_calls`. All counting views
//! use these functions.
//!
//! A call counts when it was answered and has ended, unless a machine or a screening assistant answered
//! or the callee hung up at once. A correction can add a call to the count or remove it.

use domain::call::Finding;
use domain::disposition::Disposition;

/// Returns what the end of an answered call adds to the count: 1 if a person answered, else 0.
pub(crate) fn count_at_end(disposition: Disposition) -> i64 {
    i64::from(disposition.is_by_person())
}

/// Returns what a correction of an answered call's finding adds to the count: 1, 0 or -1.
pub(crate) fn count_correction(before: Finding, after: Finding) -> i64 {
    count_at_end(after.disposition) - count_at_end(before.disposition)
}
