//! A callback (预约回拨): the time at which a customer asked to be called again, and how it ends.
//!
//! It takes precedence over the retry policy's waits and counts, never over compliance: a time that the rules
//! do not allow is refused when it is named, and the dial checks the rules again.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::UserId;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// How far ahead a callback may be named: as far back as the dials of a person are kept for caps.
pub const CALLBACK_AHEAD_MS_MAX: u64 = 30 * DAY_MS;

/// How long after its time a callback may still be made: two hours later it is not the agreed call any more.
pub const CALLBACK_LATE_MS_MAX: u64 = 2 * 3_600_000;

/// How long a callback waits for its own agent; then any agent calls.
pub const CALLBACK_AGENT_WAIT_MS: u64 = 15 * 60_000;

/// How soon a callback is tried again after a call that the network did not carry.
pub const CALLBACK_AGAIN_MS: u64 = 60_000;

/// The most callbacks of one enrolment: each may cost a call more than the retry policy allows.
pub const CALLBACKS_MAX: u32 = 5;

/// The most bytes of a reason. It is stored permanently and must not contain personal data.
pub const CALLBACK_REASON_BYTES_MAX: usize = 256;

/// The slot, of type time, in which a flow asks for the callback time.
pub const CALLBACK_SLOT: &str = "callback_at";

/// A callback that waits for its time, or for its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub at: Timestamp,
    /// The callback is missed from this time on.
    pub until: Timestamp,
    /// The only agent who may make the call, until `any_from`.
    pub agent: Option<UserId>,
    /// When the enrolment would be due without the callback.
    pub due_before: Timestamp,
}

impl Callback {
    /// Returns when any agent may make a callback that names an agent.
    pub fn any_from(&self) -> Timestamp {
        self.at.plus_ms(CALLBACK_AGENT_WAIT_MS).min(self.until)
    }

    /// Returns the agent who alone may make the call at an instant, if there is one.
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
    /// A user canceled it.
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
