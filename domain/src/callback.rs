//! A callback (预约回拨): the time at which a customer asked to be called again, and how it ends.
//!
//! It takes precedence over the retry policy's waits and counts, never over compliance: a time that the rules
//! do not allow is refused when it is named, and the dial checks the rules again.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::UserId;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// How far ahead a callback may be named, in milliseconds; a later time is refused. As far back as a
/// person's dials are kept for caps.
pub const CALLBACK_AHEAD_MS_MAX: u64 = 30 * DAY_MS;

/// Milliseconds after its time within which a callback may still be made; later it is missed. Two hours
/// later it is not the agreed call any more.
pub const CALLBACK_LATE_MS_MAX: u64 = 2 * 3_600_000;

/// Milliseconds that a callback waits for its own agent; then any agent may make the call.
pub const CALLBACK_AGENT_WAIT_MS: u64 = 15 * 60_000;

/// Milliseconds after which a callback is tried again if the network did not carry the call.
pub const CALLBACK_AGAIN_MS: u64 = 60_000;

/// The most callbacks of one enrolment; a further one is refused. Each may cost a call more than the retry
/// policy allows.
pub const CALLBACKS_MAX: u32 = 5;

/// The most bytes of the reason of a callback's cancelation; a longer one is refused. It is stored
/// permanently and must not contain personal data.
pub const CALLBACK_REASON_BYTES_MAX: usize = 256;

/// Name of the slot, of type time, in which a flow asks for the callback time.
pub const CALLBACK_SLOT: &str = "callback_at";

/// A customer's callback that waits for its time or its call.
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
    /// Returns from when any agent may make the call of a callback that names an agent.
    pub fn any_from(&self) -> Timestamp {
        self.at.plus_ms(CALLBACK_AGENT_WAIT_MS).min(self.until)
    }

    /// Returns the only agent who may make the call at `now`; `None` if it is too early, too late, or no
    /// agent is named.
    pub fn only_by(&self, now: Timestamp) -> Option<&UserId> {
        self.agent
            .as_ref()
            .filter(|_| self.at <= now && now < self.any_from())
    }
}

/// How a callback ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
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
