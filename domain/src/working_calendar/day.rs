//! Days of the calendar in their written form, and weekdays without calls.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A day, written `2026-02-14`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", example = &"2026-02-14")]
pub struct Day(NaiveDate);

impl Day {
    pub const fn of(date: NaiveDate) -> Self {
        Self(date)
    }

    /// Returns the month, 1 to 12.
    pub fn month(self) -> u32 {
        self.0.month()
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }

    pub fn rest_day(self) -> RestDay {
        match self.0.weekday() {
            Weekday::Mon => RestDay::Mon,
            Weekday::Tue => RestDay::Tue,
            Weekday::Wed => RestDay::Wed,
            Weekday::Thu => RestDay::Thu,
            Weekday::Fri => RestDay::Fri,
            Weekday::Sat => RestDay::Sat,
            Weekday::Sun => RestDay::Sun,
        }
    }

    /// Returns the number of days from this day to `later`; negative if `later` is earlier.
    pub fn days_to(self, later: Self) -> i64 {
        later.0.signed_duration_since(self.0).num_days()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self);
        read.filter(|day| day.to_string() == text)
            .ok_or("is no day such as 2026-02-14")
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|why| format!("{text:?} {why}"))
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// A weekday on which a campaign makes no calls.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RestDay {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl RestDay {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}
