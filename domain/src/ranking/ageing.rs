//! Waiting counts: a value is a head start in time, and who has waited long enough is overtaken by nobody.
//!
//! A head start rather than a sum of weights: what each is worth then does not change with the clock, so that
//! two of one class never change places while they wait.

use super::plan::CallValue;
use crate::time::Timestamp;

/// Steps of value: the most that a value is worth stays below the bound.
const STEPS: u64 = 10;

/// When somebody was due, earlier by what they are worth: nine tenths of the bound at most.
pub(super) fn key(due_at: Timestamp, value: CallValue, overtaken_ms_max: u64) -> Timestamp {
    due_at.minus_ms(overtaken_ms_max / STEPS * u64::from(value.get()))
}

/// Whether nobody overtakes them any more.
pub(super) fn has_waited(due_at: Timestamp, now: Timestamp, overtaken_ms_max: u64) -> bool {
    due_at <= now && now.ms_since(due_at) >= overtaken_ms_max
}
