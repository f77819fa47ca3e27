//! Caps on calls to a customer that a campaign or the customer's record sets in addition to those of the
//! preset.
//!
//! A cap can only be stricter. One that a cap of the preset makes ineffective is refused with both figures,
//! so that no user relies on a limit that has no effect.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Most caps that one campaign or one customer's record sets. Each is evaluated at every dial.
pub const OWN_CAPS_MAX: usize = 8;

/// Largest number of calls that a cap may allow in its period: the minutes of a day.
pub const CALLS_OF_CAP_MAX: u32 = 1_440;

/// Longest period of a cap in days: a customer's dials are known for this time.
pub const CAP_DAYS_MAX: u32 = 30;

/// The calls that a cap counts. An open call counts as each kind until it is closed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CountedCalls {
    Dialed,
    Answered,
    Unanswered,
}

impl CountedCalls {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dialed => "dialed",
            Self::Answered => "answered",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Which calls to a customer a cap counts: all, or those of one campaign.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CapScope {
    /// All calls to the customer, over all campaigns and numbers.
    #[default]
    Person,
    /// Calls of the campaign.
    Matter,
}

/// A cap on calls to a customer: at most `calls_max` calls of a kind within `local_days` days.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct CallCap {
    /// The kind of calls. Dialed calls and connected calls are counted separately.
    pub counted: CountedCalls,
    #[serde(default)]
    pub over: CapScope,
    /// Number of days in the callee's local time, including today.
    #[schemars(range(min = 1, max = CAP_DAYS_MAX))]
    pub local_days: u32,
    #[schemars(range(min = 1, max = CALLS_OF_CAP_MAX))]
    pub calls_max: u32,
}

impl fmt::Display for CallCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            counted,
            calls_max,
            local_days,
            ..
        } = self;
        write!(f, "{calls_max} {} in {local_days} days", counted.code())
    }
}
