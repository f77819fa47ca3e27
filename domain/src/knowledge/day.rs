//! A calendar day in Beijing, written `YYYY-MM-DD`: the first or last day on which an answer is used.

use crate::calendar::BEIJING_MICROS;
use crate::time::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A calendar day (`2026-11-20`), from midnight to midnight in Beijing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(NaiveDate);

impl Day {
    /// Returns the day in Beijing at an instant.
    pub fn of(at: Timestamp) -> Self {
        let there = at.to_utc() + chrono::Duration::microseconds(BEIJING_MICROS);
        Self(there.date_naive())
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(Self);
        day.filter(|day| day.to_string() == text)
            .ok_or_else(|| format!("{text:?} is not a day: write YYYY-MM-DD"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl schemars::JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date", "examples": ["2026-11-20"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_beijings_and_written_in_one_way() {
        let at = |text: &str| Day::of(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-11-19T15:59:59Z"), "2026-11-19");
        assert_eq!(at("2026-11-19T16:00:00Z"), "2026-11-20");
        for wrong in ["2026-2-3", "2026-02-30", "20260203", ""] {
            assert!(Day::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
