//! Caps of calls to a person that a campaign, or the person's own record, sets beside those of the preset.
//!
//! Never looser: a cap that a preset's own makes idle is refused with both figures, so that nobody believes
//! in a number that does not bind.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Most caps of one campaign, or one person: each is counted at every dial.
pub const OWN_CAPS_MAX: usize = 8;

/// Most calls of a cap: as many as a day has minutes.
pub const CALLS_OF_CAP_MAX: u32 = 1_440;

/// Longest period in days: as far back as the dials of a person are known.
pub const CAP_DAYS_MAX: u32 = 30;

/// Which calls count. An open call counts as each of them until it is closed.
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

/// Whose calls a cap counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CapOver {
    /// All calls to the person, over all campaigns and numbers.
    #[default]
    Person,
    /// Those of the campaign.
    Matter,
}

/// At most so many calls in a period.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct CallCap {
    /// Dialed, answered or unanswered ones; attempts and connected calls are counted apart.
    pub counted: CountedCalls,
    #[serde(default)]
    pub over: CapOver,
    /// The callee's local days, today included.
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
