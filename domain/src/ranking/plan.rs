//! The order that a campaign asks for: what a person is worth, how long anybody is overtaken, golden hours.

use super::by_value::{ByTags, ValuedBy};
use crate::time::TimeOfDay;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The highest value: ten steps tell people apart, and each is looked for by itself when the next is called.
pub const VALUE_MAX: u8 = 9;

/// How long anybody is overtaken where nothing is said: half a day of a calling window.
const OVERTAKEN_MS_DEFAULT: u64 = 4 * 3_600_000;

/// Shorter than the dialer's own rounds nothing is ordered: one minute.
const OVERTAKEN_MS_MIN: u64 = 60_000;

/// Longest: a week, so that nobody is forgotten behind others.
const OVERTAKEN_MS_MAX: u64 = 7 * 86_400_000;

/// Most golden hours of a day.
const GOLDEN_HOURS_MAX: usize = 8;

/// What a person is worth to a campaign, from 0 to 9.
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
    /// Nothing that the campaign names.
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

/// In which order the due of a campaign are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityPlan {
    pub by: ValuedBy,
    /// Whoever has waited so long since they were due is overtaken by nobody; 4 hours unless it is said.
    #[serde(default = "overtaken_default")]
    #[schemars(range(min = OVERTAKEN_MS_MIN, max = OVERTAKEN_MS_MAX))]
    pub overtaken_ms_max: u64,
    /// From which value on somebody is of high value; all but 0 unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_from: Option<CallValue>,
    /// Hours in which those go first; outside of them the others do. Pairs of start (inclusive) and end
    /// (exclusive).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = GOLDEN_HOURS_MAX))]
    pub golden_hours: Vec<(TimeOfDay, TimeOfDay)>,
}

const fn overtaken_default() -> u64 {
    OVERTAKEN_MS_DEFAULT
}

impl PriorityPlan {
    /// Everybody alike: the order of a campaign that only learns when people answer.
    pub fn of_all_alike() -> &'static Self {
        static ALIKE: std::sync::OnceLock<PriorityPlan> = std::sync::OnceLock::new();
        ALIKE.get_or_init(|| Self {
            by: ValuedBy::Tags(ByTags {
                values: std::collections::BTreeMap::new(),
            }),
            overtaken_ms_max: OVERTAKEN_MS_DEFAULT,
            high_from: None,
            golden_hours: Vec::new(),
        })
    }

    /// Whether golden hours are for people of this value.
    pub fn is_high(&self, value: CallValue) -> bool {
        value >= self.high_from.unwrap_or(CallValue(1))
    }

    /// What is wrong with it.
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
