//! A time that somebody named for being called again (预约回拨): what is asked for, and how it ends.
//!
//! It overrides the retry policy's waits and counts, never compliance: a time that the rules do not allow is
//! refused when it is named, and the dial asks them again.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::UserId;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// How far ahead a time may be named: as far as the dials of a person are known, which caps count.
pub const CALLBACK_AHEAD_MS_MAX: u64 = 30 * DAY_MS;

/// How long after its time a callback is still one: two hours later it is another call than was agreed.
pub const CALLBACK_LATE_MS_MAX: u64 = 2 * 3_600_000;

/// How long it waits for the agent whom it is bound to; then any agent calls.
pub const CALLBACK_AGENT_WAIT_MS: u64 = 15 * 60_000;

/// When it is tried again after a call that the network never carried.
pub const CALLBACK_AGAIN_MS: u64 = 60_000;

/// Most callbacks of one enrolment: each may cost a call more than the retry policy allows.
pub const CALLBACKS_MAX: u32 = 5;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const CALLBACK_REASON_BYTES_MAX: usize = 256;

/// The slot, of type time, by which a flow asks when somebody is to be called again.
pub const CALLBACK_SLOT: &str = "callback_at";

/// A callback that waits for its time, or for its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub at: Timestamp,
    /// From then on it was missed.
    pub until: Timestamp,
    /// Who alone makes the call, until `any_from`.
    pub agent: Option<UserId>,
    /// When the enrolment would have been due without it.
    pub due_before: Timestamp,
}

impl Callback {
    /// When any agent may make the call that is bound to one.
    pub fn any_from(&self) -> Timestamp {
        self.at.plus_ms(CALLBACK_AGENT_WAIT_MS).min(self.until)
    }

    /// The agent who alone makes a call at an instant.
    pub fn only_by(&self, now: Timestamp) -> Option<&UserId> {
        self.agent
            .as_ref()
            .filter(|_| self.at <= now && now < self.any_from())
    }
}

/// How a callback ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEnd {
    /// The call was made at its time.
    Kept,
    /// Somebody ordered that it is not made.
    Canceled,
    /// It could not be made in time.
    Missed,
    /// Another time was named instead.
    Replaced,
    /// It was named in a call, and the rules do not allow it.
    Refused,
}

impl CallbackEnd {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Canceled => "canceled",
            Self::Missed => "missed",
            Self::Replaced => "replaced",
            Self::Refused => "refused",
        }
    }
}
