//! The calendar of one year and country: its public holidays, the days worked in exchange, and its source. It
//! is read from a small file and checked before it applies.

use super::day::Day;
use crate::event_members::open_types::OpenMember;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::InvalidId;
use values::yaml;

/// Largest calendar file, in bytes; a larger one is refused. The bundled ones have 1 KB.
pub const CALENDAR_BYTES_MAX: usize = 64 * 1024;

/// Most named holidays of a year, and most days worked in exchange; more are refused. China's notice has 7
/// and 6.
const ROWS_MAX: usize = 100;

/// Longest source of a calendar or name of a holiday, in bytes; a longer one is refused. They are stored
/// permanently.
const TEXT_BYTES_MAX: usize = 256;

/// The id of a calendar year: country and year, such as `cn-2026`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarYearId {
    pub country: String,
    pub year: i32,
}

impl fmt::Display for CalendarYearId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.country, self.year)
    }
}

impl FromStr for CalendarYearId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId {
            kind: "holiday",
            text: text.to_owned(),
            why: "it must be a country and a year, such as cn-2026",
        };
        let (country, year) = text.split_once('-').ok_or_else(invalid)?;
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        match (is_country && is_year, year.parse()) {
            (true, Ok(year)) => Ok(Self {
                country: country.to_owned(),
                year,
            }),
            (true | false, _) => Err(invalid()),
        }
    }
}

/// Whether a calendar has the days of the official notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalendarStatus {
    /// It has the days that its source published.
    Published,
    /// It was made before its source was published.
    Provisional,
}

impl CalendarStatus {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Provisional => "provisional",
        }
    }
}

/// A holiday with its first and last day, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedDays {
    #[schemars(example = &"春节")]
    pub name: String,
    pub from: Day,
    pub to: Day,
}

impl NamedDays {
    pub fn days_count(&self) -> usize {
        usize::try_from(self.from.days_to(self.to) + 1).unwrap_or(0)
    }
}

/// The holiday calendar of one year and country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarYear {
    /// Country, two letters (ISO 3166-1).
    #[schemars(example = &"cn")]
    pub country: String,
    pub year: i32,
    pub status: CalendarStatus,
    /// The published source of the days.
    #[schemars(example = &"国务院办公厅关于2026年部分节假日安排的通知")]
    pub source: String,
    pub holidays: Vec<NamedDays>,
    /// Weekend days that are worked in exchange for a holiday (调休上班).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub working_days: Vec<Day>,
}

impl OpenMember for CalendarYear {}

/// What a calendar says about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// A public holiday, with its name.
    Holiday(&'a str),
    /// A day worked in exchange for a holiday, whatever its weekday.
    Worked,
    Ordinary,
}

/// Why a file is not a valid holiday calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    #[error("the file has {bytes} bytes, more than {CALENDAR_BYTES_MAX}")]
    TooLarge { bytes: usize },
    #[error("the file is not a holiday calendar of one year: {why}")]
    Unreadable { why: String },
    #[error("{what}")]
    Wrong { what: String },
}

impl CalendarYear {
    /// Reads a calendar file in YAML or JSON. Fails if it is too large, unreadable or not valid (`check`).
    pub fn from_yaml(text: &str) -> Result<Self, CalendarFault> {
        if text.len() > CALENDAR_BYTES_MAX {
            return Err(CalendarFault::TooLarge { bytes: text.len() });
        }
        let read: Result<Self, _> = yaml::from_str(text);
        let year = read.map_err(|error| CalendarFault::Unreadable {
            why: error.to_string(),
        })?;
        year.check()?;
        Ok(year)
    }

    pub fn id(&self) -> CalendarYearId {
        CalendarYearId {
            country: self.country.clone(),
            year: self.year,
        }
    }

    /// Checks that the calendar is of one year and country, has 1 to `ROWS_MAX` holidays, and gives no day
    /// two kinds.
    pub fn check(&self) -> Result<(), CalendarFault> {
        let wrong = |what: String| Err(CalendarFault::Wrong { what });
        if let Err(invalid) = self.id().to_string().parse::<CalendarYearId>() {
            return wrong(invalid.to_string());
        }
        let texts = self.holidays.iter().map(|named| &named.name);
        if texts
            .chain([&self.source])
            .any(|text| text.trim().is_empty() || text.len() > TEXT_BYTES_MAX)
        {
            return wrong(format!(
                "the source and each name have 1 to {TEXT_BYTES_MAX} bytes"
            ));
        }
        if self.holidays.is_empty() || self.holidays.len().max(self.working_days.len()) > ROWS_MAX {
            return wrong(format!(
                "a year has 1 to {ROWS_MAX} holidays, and as many days worked"
            ));
        }
        for named in &self.holidays {
            if named.from > named.to || !self.may_name(named.from) || !self.may_name(named.to) {
                return wrong(format!(
                    "{}: {} to {} lies not in {} with the months before and after it, from an earlier day to a later",
                    named.name, named.from, named.to, self.year
                ));
            }
        }
        for day in &self.working_days {
            if !self.may_name(*day) {
                return wrong(format!(
                    "{day} lies not in {} with the months before and after it",
                    self.year
                ));
            }
            if let Some(named) = self.holiday(*day) {
                return wrong(format!("{day} is worked and is of {} too", named.name));
            }
        }
        Ok(())
    }

    /// Returns true if this year's calendar may name the day: it can begin in the December before, with New
    /// Year's holiday, and end in the January after.
    fn may_name(&self, day: Day) -> bool {
        match day.year() - self.year {
            0 => true,
            -1 => day.month() == 12,
            1 => day.month() == 1,
            _ => false,
        }
    }

    pub fn kind_of(&self, day: Day) -> DayKind<'_> {
        if self.working_days.contains(&day) {
            return DayKind::Worked;
        }
        self.holiday(day)
            .map_or(DayKind::Ordinary, |named| DayKind::Holiday(&named.name))
    }

    fn holiday(&self, day: Day) -> Option<&NamedDays> {
        let mut named = self.holidays.iter();
        named.find(|named| (named.from..=named.to).contains(&day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "country: us\nyear: 2026\nstatus: published\nsource: 5 U.S.C. 6103\nholidays:\n  - {name: \
                        Independence Day, from: 2026-07-03, to: 2026-07-03}\n";

    #[test]
    fn a_year_is_read_and_written_as_it_was() {
        let year = CalendarYear::from_yaml(GOOD).unwrap();
        let json = serde_json::to_string(&year).unwrap();
        assert_eq!(CalendarYear::from_yaml(&json), Ok(year));
        assert_eq!(
            "cn-2026".parse::<CalendarYearId>().unwrap().to_string(),
            "cn-2026"
        );
        for wrong in ["cn", "CN-2026", "chn-2026", "cn-26", "cn-2026-1", "c1-2026"] {
            assert!(wrong.parse::<CalendarYearId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_year_is_refused_by_what_is_wrong() {
        for (from, to, said) in [
            ("country: us", "country: USA", "such as cn-2026"),
            ("to: 2026-07-03", "to: 2026-07-02", "from an earlier day"),
            ("to: 2026-07-03", "to: 2027-07-03", "lies not in 2026"),
            ("from: 2026-07-03", "from: 2025-11-30", "lies not in 2026"),
            ("to: 2026-07-03", "to: 2027-02-01", "lies not in 2026"),
            ("from: 2026-07-03", "from: 2026-02-30", "is no day"),
            ("source: 5 U.S.C. 6103", "source: \"\"", "1 to 256 bytes"),
            ("status: published", "status: guessed", "unknown variant"),
            ("year: 2026", "year: 2026\nmonth: 1", "unknown field"),
        ] {
            let text = GOOD.replace(from, to);
            let fault = CalendarYear::from_yaml(&text).unwrap_err().to_string();
            assert!(fault.contains(said), "{from} -> {to}: {fault}");
        }
        for (worked, said) in [("2026-07-03", "is worked"), ("2025-07-03", "lies not in")] {
            let text = format!("{GOOD}working_days: [{worked}]\n");
            let fault = CalendarYear::from_yaml(&text).unwrap_err().to_string();
            assert!(fault.contains(said), "{fault}");
        }
        assert!(matches!(
            CalendarYear::from_yaml(&" ".repeat(CALENDAR_BYTES_MAX + 1)),
            Err(CalendarFault::TooLarge { .. })
        ));
    }
}
