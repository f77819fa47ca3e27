//! A campaign's ranking plan: the value of a customer, the longest time of being overtaken, and golden hours.

use super::value_criterion::{TagCriterion, ValueCriterion};
use crate::time::TimeOfDay;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The highest value of a customer. Each of the ten values is searched separately for the next call.
pub const VALUE_MAX: u8 = 9;

/// Default of `overtaken_ms_max`, in milliseconds: half a day of a calling window.
const OVERTAKEN_MS_DEFAULT: u64 = 4 * 3_600_000;

/// Smallest permitted `overtaken_ms_max`, in milliseconds: one minute, the period of the dialer's rounds.
const OVERTAKEN_MS_MIN: u64 = 60_000;

/// Largest permitted `overtaken_ms_max`, in milliseconds: one week, so that no customer is forgotten.
const OVERTAKEN_MS_MAX: u64 = 7 * 86_400_000;

/// Most golden hours of a ranking plan; more are a fault.
const GOLDEN_HOURS_MAX: usize = 8;

/// The value of a customer for a campaign, from 0 to 9; higher values are called earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct CallValue(u8);

impl schemars::JsonSchema for CallValue {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "CallValue".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": VALUE_MAX, "examples": [9] })
    }
}

impl CallValue {
    /// The value of a customer without any of the named values.
    pub const NONE: Self = Self(0);

    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for CallValue {
    type Error = &'static str;
    fn try_from(value: u8) -> Result<Self, Self::Error> {
        match value <= VALUE_MAX {
            true => Ok(Self(value)),
            false => Err("a value is 0 to 9"),
        }
    }
}

impl From<CallValue> for u8 {
    fn from(value: CallValue) -> Self {
        value.0
    }
}

impl fmt::Display for CallValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A ranking plan: the order in which the due enrolments of a campaign are dialed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityPlan {
    pub by: ValueCriterion,
    /// Milliseconds after the due time from which a customer is no longer overtaken. Default: 4 hours.
    #[serde(default = "overtaken_default")]
    #[schemars(range(min = OVERTAKEN_MS_MIN, max = OVERTAKEN_MS_MAX))]
    pub overtaken_ms_max: u64,
    /// Lowest value that counts as high. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_from: Option<CallValue>,
    /// Hours in which customers of high value are called first; outside of them the others are. Pairs of
    /// start (inclusive) and end (exclusive).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = GOLDEN_HOURS_MAX))]
    pub golden_hours: Vec<(TimeOfDay, TimeOfDay)>,
}

const fn overtaken_default() -> u64 {
    OVERTAKEN_MS_DEFAULT
}

impl PriorityPlan {
    /// Returns the ranking plan of a campaign that only learns answer times: all customers have the same
    /// value.
    pub fn with_equal_values() -> &'static Self {
        static ALIKE: std::sync::OnceLock<PriorityPlan> = std::sync::OnceLock::new();
        ALIKE.get_or_init(|| Self {
            by: ValueCriterion::Tags(TagCriterion {
                values: std::collections::BTreeMap::new(),
            }),
            overtaken_ms_max: OVERTAKEN_MS_DEFAULT,
            high_from: None,
            golden_hours: Vec::new(),
        })
    }

    /// Returns true if customers of this value are called first in golden hours.
    pub fn is_high(&self, value: CallValue) -> bool {
        value >= self.high_from.unwrap_or(CallValue(1))
    }

    /// Returns what is wrong with the ranking plan; `None` if it is valid.
    pub fn fault(&self) -> Option<&'static str> {
        if !(OVERTAKEN_MS_MIN..=OVERTAKEN_MS_MAX).contains(&self.overtaken_ms_max) {
            return Some("overtaken_ms_max must be from one minute to seven days");
        }
        if self.golden_hours.len() > GOLDEN_HOURS_MAX {
            return Some("golden_hours has at most 8 pairs");
        }
        if self.golden_hours.iter().any(|(from, until)| until <= from) {
            return Some("golden_hours are pairs of a time and a later time");
        }
        self.by.fault()
    }
}
