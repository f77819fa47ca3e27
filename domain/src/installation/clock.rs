//! Doubts of a process about its clock: the cause, and why the clock is trusted again.

use serde::{Deserialize, Serialize};

/// Why a process does not trust the machine's wall clock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ClockDoubtCause {
    /// The wall clock was set while the process ran: it differs from the monotonic clock.
    WallMoved,
    /// The wall clock is before the time of the log's last event.
    BeforeLog,
}

/// A doubt of a process about the wall clock, with the measured difference.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(apart_ms)]
pub struct ClockDoubt {
    pub cause: ClockDoubtCause,
    /// The wall clock minus the process's time, or minus the last event's `recorded_at`, in milliseconds.
    /// Positive if the wall clock is ahead.
    pub apart_ms: i64,
}

/// Why a doubted wall clock is trusted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(rename_all = "snake_case")]
pub enum ClockTrust {
    /// The wall clock and its reference agree again.
    Agreed,
    /// Another clock confirmed the wall clock.
    SourceAgreed,
    /// A user checked the clock and confirmed it.
    Confirmed,
}
