//! Aging: a value is a head start in time, and a customer who has waited long enough is no longer overtaken.
//!
//! A head start, and not a weighted sum: values do not change with the clock, so two customers of one class
//! never change places while they wait.

use super::plan::CallValue;
use crate::time::Timestamp;

/// Number of value steps. The highest value gives a head start below the whole bound.
const STEPS: u64 = 10;

/// Returns the time by which enrolments are ordered: the due time less the head start of the customer's
/// value, at most nine tenths of `overtaken_ms_max`.
pub(super) fn key(due_at: Timestamp, value: CallValue, overtaken_ms_max: u64) -> Timestamp {
    due_at.minus_ms(overtaken_ms_max / STEPS * u64::from(value.get()))
}

/// Returns true if the customer has waited `overtaken_ms_max` since the due time: no other customer
/// overtakes any more.
pub(super) fn has_waited(due_at: Timestamp, now: Timestamp, overtaken_ms_max: u64) -> bool {
    due_at <= now && now.ms_since(due_at) >= overtaken_ms_max
}
