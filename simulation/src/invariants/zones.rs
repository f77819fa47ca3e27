//! Calendars and time zones of the oracle, written independently of the product's.

use domain::time::Timestamp;

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Microseconds in 24 hours.
const DAY_MICROS: i64 = 24 * HOUR_MICROS;

/// When Berlin's clocks went forward and back in 2026: at 01:00 UTC.
const BERLIN_SUMMER: [&str; 2] = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"];

/// When New York's clocks went forward and back in 2026: at two in the morning there.
const NEW_YORK_SUMMER: [&str; 2] = ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"];

/// Days off of 2026 in China, each with its first and last day.
const HOLIDAYS: [(&str, &str); 7] = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
];
/// Saturdays and Sundays that are working days in exchange.
const WORKED: [&str; 6] = [
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
];

/// Where a campaign's customers live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Beijing,
    Berlin,
    NewYork,
}

impl Zone {
    /// Returns the local hour of the day, and the local day since the epoch.
    pub(super) fn local(self, at: Timestamp) -> (i64, i64) {
        let is_summer = |summer: [&str; 2]| {
            let [from, until] = summer.map(instant);
            i64::from((from..until).contains(&at))
        };
        let ahead = match self {
            Self::Beijing => 8,
            Self::Berlin => 1 + is_summer(BERLIN_SUMMER),
            Self::NewYork => is_summer(NEW_YORK_SUMMER) - 5,
        };
        let local = at.micros() + ahead * HOUR_MICROS;
        (
            local.rem_euclid(DAY_MICROS) / HOUR_MICROS,
            local.div_euclid(DAY_MICROS),
        )
    }
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::EPOCH)
}

pub(super) fn day(text: &str) -> i64 {
    instant(&format!("{text}T00:00:00Z"))
        .micros()
        .div_euclid(DAY_MICROS)
}

/// True if the day is a working day in China. 1970-01-01 was a Thursday.
pub(super) fn is_working_day(local_day: i64) -> bool {
    let is_weekend = matches!((local_day + 3).rem_euclid(7), 5 | 6);
    let is_holiday = HOLIDAYS
        .iter()
        .any(|(first, last)| (day(first)..=day(last)).contains(&local_day));
    let is_worked = WORKED.iter().any(|worked| day(worked) == local_day);
    is_worked || !(is_weekend || is_holiday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off_and_hours_abroad_are_those_of_2026() {
        for (text, is_worked) in [
            ("2026-03-02", true),
            ("2026-03-07", false),
            ("2026-03-08", false),
            ("2026-02-14", true),
            ("2026-02-15", false),
            ("2026-04-06", false),
            ("2026-04-07", true),
            ("2026-10-10", true),
        ] {
            assert_eq!(is_working_day(day(text)), is_worked, "{text}");
        }
        for (text, hour) in [
            ("2026-03-28T17:00:00+01:00", 17),
            ("2026-03-29T02:59:59+02:00", 1),
            ("2026-03-29T03:00:00+02:00", 3),
            ("2026-10-24T17:59:59+02:00", 17),
            ("2026-10-26T09:00:00+01:00", 9),
        ] {
            assert_eq!(Zone::Berlin.local(instant(text)).0, hour, "{text}");
        }
        for (text, hour) in [
            ("2026-03-08T01:59:59-05:00", 1),
            ("2026-03-08T03:00:00-04:00", 3),
            ("2026-10-31T23:59:59-04:00", 23),
            ("2026-11-02T09:00:00-05:00", 9),
        ] {
            assert_eq!(Zone::NewYork.local(instant(text)).0, hour, "{text}");
        }
        assert_eq!(
            Zone::Beijing.local(instant("2026-03-02T08:59:59.999999+08:00")).0,
            8
        );
    }
}
