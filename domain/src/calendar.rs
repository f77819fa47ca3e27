//! Periods of Beijing's calendar: days, ISO weeks, months, quarters and years, with their names and bounds.
//!
//! Beijing is UTC+8 all year, so a period begins at the same instant on every machine.

use crate::time::Timestamp;
use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime};
use serde::Serialize;
use std::str::FromStr;

/// Seconds that Beijing is ahead of UTC.
const BEIJING_SECONDS: i32 = 8 * 3_600;

/// Microseconds that Beijing is ahead of UTC.
pub const BEIJING_MICROS: i64 = BEIJING_SECONDS as i64 * 1_000_000;

/// Microseconds in an hour. Beijing is a whole number of hours ahead of UTC, so its hours begin at the same
/// instants.
pub const HOUR_MICROS: i64 = 3_600_000_000;

/// Microseconds in a day without a change to or from daylight saving time.
pub const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// Length of a calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodLength {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl FromStr for PeriodLength {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::of_word(text).ok_or("must be day, week, month, quarter or year")
    }
}

/// One period of Beijing's calendar, from its first instant to the first one of the next period
/// (exclusive).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarPeriod {
    /// The period's name: `2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4` or `2026`.
    pub label: String,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl PeriodLength {
    /// The words for period lengths in parameters and commands, in order; the second part is empty.
    pub const WORDS: &[(&str, &str)] = &[
        ("day", ""),
        ("week", ""),
        ("month", ""),
        ("quarter", ""),
        ("year", ""),
    ];

    /// Reads `day`, `week`, `month`, `quarter` or `year`.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "quarter" => Some(Self::Quarter),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    /// Returns the word for the length, as in `WORDS`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Day => "日",
            Self::Week => "周",
            Self::Month => "月",
            Self::Quarter => "季",
            Self::Year => "年",
        }
    }

    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
            Self::Quarter => "quarterly",
            Self::Year => "yearly",
        }
    }

    /// Returns the period of this length that contains a day.
    pub fn of(self, day: NaiveDate) -> CalendarPeriod {
        let first = self.first_day(day);
        CalendarPeriod {
            label: self.label(first),
            from: midnight(first),
            to: midnight(self.next(first)),
        }
    }

    /// Returns the period of this length before the one that contains a day.
    pub fn before(self, day: NaiveDate) -> CalendarPeriod {
        let last = self.first_day(day).pred_opt().unwrap_or(day);
        self.of(last)
    }

    fn first_day(self, day: NaiveDate) -> NaiveDate {
        let in_year = |month| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        match self {
            Self::Day => day,
            Self::Week => {
                let since = u64::from(day.weekday().num_days_from_monday());
                day.checked_sub_days(Days::new(since)).unwrap_or(day)
            }
            Self::Month => in_year(day.month()),
            Self::Quarter => in_year((day.month() - 1) / 3 * 3 + 1),
            Self::Year => in_year(1),
        }
    }

    fn next(self, first: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Day => first.succ_opt(),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
            Self::Quarter => first.checked_add_months(Months::new(3)),
            Self::Year => first.checked_add_months(Months::new(12)),
        };
        next.unwrap_or(first)
    }

    fn label(self, first: NaiveDate) -> String {
        match self {
            Self::Day => first.format("%Y-%m-%d").to_string(),
            Self::Week => first.format("%G-W%V").to_string(),
            Self::Month => first.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", first.year(), (first.month() - 1) / 3 + 1),
            Self::Year => first.format("%Y").to_string(),
        }
    }
}

/// Returns Beijing's date at an instant.
pub fn beijing_date(at: Timestamp) -> NaiveDate {
    beijing(at).date_naive()
}

/// Returns the local date and time in Beijing at an instant.
pub fn beijing(at: Timestamp) -> DateTime<FixedOffset> {
    at.to_utc().with_timezone(&beijing_offset())
}

/// Returns Beijing's offset from UTC.
pub fn beijing_offset() -> FixedOffset {
    FixedOffset::east_opt(BEIJING_SECONDS).expect("eight hours are less than a day")
}

/// Returns the instant at which a day begins in Beijing.
pub fn midnight(day: NaiveDate) -> Timestamp {
    let local = day.and_time(NaiveTime::MIN).and_local_timezone(beijing_offset());
    Timestamp::from_micros(local.earliest().map_or(0, |at| at.timestamp_micros()))
}

/// Reads a day (`2026-11-20`), as its beginning in Beijing, or an RFC 3339 instant. Fails for another text.
pub fn parse_day_or_instant(text: &str) -> Result<Timestamp, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(midnight(day));
    }
    text.parse().or(Err(format!(
        "{text:?} is not a day such as 2026-11-20 or an RFC 3339 instant"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_runs_from_midnight_in_beijing_to_the_next_ones() {
        for (length, label, from, to) in [
            (PeriodLength::Day, "2026-11-20", "2026-11-20", "2026-11-21"),
            (PeriodLength::Week, "2026-W47", "2026-11-16", "2026-11-23"),
            (PeriodLength::Month, "2026-11", "2026-11-01", "2026-12-01"),
            (PeriodLength::Quarter, "2026-Q4", "2026-10-01", "2027-01-01"),
            (PeriodLength::Year, "2026", "2026-01-01", "2027-01-01"),
        ] {
            let span = length.of(day("2026-11-20"));
            assert_eq!(span.label, label);
            assert_eq!((span.from, span.to), (midnight(day(from)), midnight(day(to))));
            assert_eq!(length.before(day(to)), span, "{label}");
        }
        assert_eq!(
            PeriodLength::Day.of(day("2026-11-20")).from.to_string(),
            "2026-11-19T16:00:00.000000Z"
        );
    }

    #[test]
    fn a_week_belongs_to_the_year_of_its_thursday() {
        assert_eq!(PeriodLength::Week.of(day("2027-01-03")).label, "2026-W53");
        assert_eq!(PeriodLength::Week.of(day("2027-01-04")).label, "2027-W01");
    }

    #[test]
    fn a_day_or_an_instant_says_when() {
        let at = parse_day_or_instant("2026-11-20").unwrap();
        assert_eq!(at, parse_day_or_instant("2026-11-19T16:00:00Z").unwrap());
        assert!(parse_day_or_instant("20.11.2026").is_err());
    }
}
