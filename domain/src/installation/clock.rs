//! What a process holds of its clock: that it may be wrong, and why it is believed again.

use serde::{Deserialize, Serialize};

/// Why a process does not believe the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockDoubtCause {
    /// It was set while the process ran: it left the steady clock, which counts on whatever anybody sets.
    WallMoved,
    /// It stands before the last event of the log was recorded.
    BeforeLog,
}

/// The wall clock beside what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClockDoubt {
    pub cause: ClockDoubtCause,
    /// The wall clock minus the process's time, or minus the last event's `recorded_at`; above zero when the
    /// wall is ahead.
    pub apart_ms: i64,
}

/// Why the clock is believed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockTrust {
    /// The wall and what it is compared with agree again.
    Agreed,
    /// Another clock found the wall right.
    SourceAgreed,
    /// A person has looked.
    Confirmed,
}
