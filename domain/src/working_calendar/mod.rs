//! Public holidays and days worked in exchange for them, per year and country; and the calling days of a
//! campaign. Campaigns, grants and the rule `calling_days` share these values.
//!
//! A year is a small file. Some years are bundled; an imported year replaces the bundled one. A year without
//! a file is unknown, and dials on its days are refused.

mod day;
mod year;

pub use day::{Day, RestDay};
pub use year::{
    CALENDAR_BYTES_MAX, CalendarFault, CalendarStatus, CalendarYear, CalendarYearId, DayKind, NamedDays,
};

use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// The calendar files that are part of the program, one per year.
const SHIPPED: [&str; 2] = [
    include_str!("years/cn-2026.yaml"),
    include_str!("years/cn-2027.yaml"),
];

/// How a campaign treats public holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    /// No calls on public holidays. A day worked in exchange for one counts as a working day.
    Observe,
    /// Public holidays are treated like other days.
    Ignore,
}

/// The days on which a campaign calls: which holidays it observes, and its weekdays without calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallingDays {
    pub holidays: Holidays,
    /// Weekdays without calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rest_days: Vec<RestDay>,
    /// Country of the holidays, two letters (ISO 3166-1). Default: the country of the preset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(equal = 2), example = &"cn")]
    pub country: Option<String>,
}

impl CallingDays {
    /// Returns true if these settings can exclude a day.
    pub fn ask(&self) -> bool {
        self.holidays == Holidays::Observe || !self.rest_days.is_empty()
    }
}

/// From where a year's holiday calendar comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarSource {
    Imported,
    Shipped,
}

/// The imported holiday calendars, as part of a campaign's facts; bundled years fill the gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendars {
    imported: Arc<Vec<CalendarYear>>,
    /// Set by `assuming_ordinary`.
    assumes_ordinary: bool,
}

impl Calendars {
    pub fn of(imported: Vec<CalendarYear>) -> Self {
        Self {
            imported: Arc::new(imported),
            assumes_ordinary: false,
        }
    }

    /// Returns a copy for forecasts, in which days of a year without a calendar count as ordinary days. No
    /// call depends on it: the day is judged again when it comes.
    pub fn assuming_ordinary(&self) -> Self {
        Self {
            imported: Arc::clone(&self.imported),
            assumes_ordinary: true,
        }
    }

    /// Returns true if days of a year without a calendar count as ordinary days.
    pub const fn assumes_ordinary(&self) -> bool {
        self.assumes_ordinary
    }

    /// Returns the calendar that decides about a day: that of the year before or after if it names the day
    /// (New Year's holiday can begin on 31 December), else that of the day's own year. `None` if there is
    /// none.
    pub fn of_day(&self, country: &str, day: Day) -> Option<(&CalendarYear, CalendarSource)> {
        let names = |found: &(&CalendarYear, CalendarSource)| found.0.kind_of(day) != DayKind::Ordinary;
        let beside = [day.year() + 1, day.year() - 1];
        let beside = beside.into_iter().filter_map(|year| self.year(country, year));
        beside
            .into_iter()
            .find(names)
            .or_else(|| self.year(country, day.year()))
    }

    /// Returns the calendar of a country's year: the imported one, else the bundled one; `None` if there is
    /// neither.
    pub fn year(&self, country: &str, year: i32) -> Option<(&CalendarYear, CalendarSource)> {
        let is = |one: &&CalendarYear| one.country == country && one.year == year;
        let imported = self
            .imported
            .iter()
            .find(is)
            .map(|one| (one, CalendarSource::Imported));
        imported.or_else(|| {
            bundled_calendars()
                .iter()
                .find(is)
                .map(|one| (one, CalendarSource::Shipped))
        })
    }
}

/// Returns the holiday calendars that are part of the program.
pub fn bundled_calendars() -> &'static [CalendarYear] {
    static YEARS: OnceLock<Vec<CalendarYear>> = OnceLock::new();
    YEARS.get_or_init(|| {
        let read = SHIPPED.iter().map(|text| CalendarYear::from_yaml(text));
        read.collect::<Result<_, _>>()
            .expect("the shipped calendars are read by a test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_shipped_years_say_what_the_notice_says() {
        let ids: Vec<_> = bundled_calendars()
            .iter()
            .map(|year| year.id().to_string())
            .collect();
        assert_eq!(ids, ["cn-2026", "cn-2027"]);
        let calendars = Calendars::default();
        let (year, origin) = calendars.year("cn", 2026).unwrap();
        assert_eq!(
            (origin, year.status),
            (CalendarSource::Shipped, CalendarStatus::Published)
        );
        let kinds = [
            ("2026-01-03", DayKind::Holiday("元旦")),
            ("2026-01-04", DayKind::Worked),
            ("2026-02-14", DayKind::Worked),
            ("2026-02-15", DayKind::Holiday("春节")),
            ("2026-02-23", DayKind::Holiday("春节")),
            ("2026-02-24", DayKind::Ordinary),
            ("2026-02-28", DayKind::Worked),
            ("2026-10-07", DayKind::Holiday("国庆节")),
            ("2026-10-10", DayKind::Worked),
        ];
        for (text, kind) in kinds {
            assert_eq!(year.kind_of(day(text)), kind, "{text}");
        }
        // Rest days that the notice moves are as many as it adds.
        let days: usize = year.holidays.iter().map(|named| named.days_count()).sum();
        assert_eq!((days, year.working_days.len()), (33, 6));
    }

    #[test]
    fn the_year_that_no_notice_was_known_of_says_so() {
        let calendars = Calendars::default();
        let (year, _) = calendars.year("cn", 2027).unwrap();
        assert_eq!(year.status, CalendarStatus::Provisional);
        assert!(calendars.year("cn", 2028).is_none());
        assert!(calendars.year("us", 2026).is_none());
    }

    #[test]
    fn a_notice_that_begins_in_the_year_before_counts_there() {
        let text = "country: cn\nyear: 2028\nstatus: published\nsource: notice of 2027\nholidays:\n  - {name: 元旦, \
                    from: 2027-12-31, to: 2028-01-02}\nworking_days: [2027-12-26, 2028-01-08]\n";
        let calendars = Calendars::of(vec![CalendarYear::from_yaml(text).unwrap()]);
        let kind = |text: &str| {
            let (year, _) = calendars.of_day("cn", day(text)).unwrap();
            (year.year, year.kind_of(day(text)))
        };
        assert_eq!(kind("2027-12-26"), (2028, DayKind::Worked));
        assert_eq!(kind("2027-12-30"), (2027, DayKind::Ordinary));
        assert_eq!(kind("2027-12-31"), (2028, DayKind::Holiday("元旦")));
        assert_eq!(kind("2028-01-02"), (2028, DayKind::Holiday("元旦")));
        assert_eq!(kind("2028-01-08"), (2028, DayKind::Worked));
        assert!(calendars.of_day("cn", day("2029-05-01")).is_none());
    }

    #[test]
    fn an_imported_year_goes_before_the_one_that_ships() {
        let mut own = bundled_calendars()[1].clone();
        own.status = CalendarStatus::Published;
        let calendars = Calendars::of(vec![own]);
        let (year, origin) = calendars.year("cn", 2027).unwrap();
        assert_eq!(
            (origin, year.status),
            (CalendarSource::Imported, CalendarStatus::Published)
        );
        assert_eq!(calendars.year("cn", 2026).unwrap().1, CalendarSource::Shipped);
    }
}
