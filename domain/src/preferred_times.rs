//! Preferred times of a person (偏好时段), in their own local time: days of the week and hours.
//!
//! They describe behavior, not identity: like a time zone they are stored open in the log, and an erasure
//! removes them from everything that is shown. A person without preferred times may be called at any time; a
//! text that cannot be read is refused.

use crate::time::TimeOfDay;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The most preferred times of one person; more are refused. Two for each day.
pub const PREFERRED_TIMES_MAX: usize = 14;

/// The written names of the days of the week, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Every day.
const ALL_DAYS: u8 = 0b111_1111;

/// Hours in which a person prefers to be called, on some days of the week: `mon-fri 18:00-20:00`; without
/// days, every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PreferredTime {
    /// One bit per day, Monday the lowest.
    days: u8,
    from: TimeOfDay,
    until: TimeOfDay,
}

/// The error for a text that is not a list of preferred times. It does not repeat the text, which may be
/// personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be up to 14 times such as mon-fri 18:00-20:00, separated by ;")]
pub struct InvalidPreferredTime;

impl PreferredTime {
    /// Returns true if the preferred time applies on a day of the week (0: Monday); false above 6.
    pub const fn is_on(self, weekday: u32) -> bool {
        weekday < 7 && self.days & (1 << weekday) != 0
    }

    /// Returns the start, inclusive.
    pub const fn from(self) -> TimeOfDay {
        self.from
    }

    /// Returns the end, exclusive.
    pub const fn until(self) -> TimeOfDay {
        self.until
    }
}

impl FromStr for PreferredTime {
    type Err = InvalidPreferredTime;

    fn from_str(text: &str) -> Result<Self, InvalidPreferredTime> {
        let mut words = text.split_whitespace();
        let (first, second) = (words.next(), words.next());
        if words.next().is_some() {
            return Err(InvalidPreferredTime);
        }
        let (days, hours) = match (first, second) {
            (Some(hours), None) => (ALL_DAYS, hours),
            (Some(days), Some(hours)) => (days_of(days)?, hours),
            (None, _) => return Err(InvalidPreferredTime),
        };
        let (from, until) = hours.split_once('-').ok_or(InvalidPreferredTime)?;
        let time = |text: &str| TimeOfDay::try_from(text.to_owned()).map_err(|_unread| InvalidPreferredTime);
        let (from, until) = (time(from)?, time(until)?);
        if from >= until {
            return Err(InvalidPreferredTime);
        }
        Ok(Self { days, from, until })
    }
}

/// Reads days of the week (`mon-fri`, `sat,sun`, or both forms mixed) as one bit per day.
fn days_of(text: &str) -> Result<u8, InvalidPreferredTime> {
    let day = |word: &str| {
        let place = DAYS.iter().position(|day| day.eq_ignore_ascii_case(word));
        place.ok_or(InvalidPreferredTime)
    };
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(part)?, day(part)?),
        };
        if first > last {
            return Err(InvalidPreferredTime);
        }
        days |= (first..=last).fold(0, |all, day| all | 1 << day);
    }
    Ok(days)
}

impl fmt::Display for PreferredTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (String::from(self.from), String::from(self.until));
        if self.days == ALL_DAYS {
            return write!(f, "{from}-{until}");
        }
        let named = DAYS
            .iter()
            .enumerate()
            .filter(|(day, _)| self.days & (1 << day) != 0);
        let named: Vec<&str> = named.map(|(_, name)| *name).collect();
        write!(f, "{} {from}-{until}", named.join(","))
    }
}

impl TryFrom<String> for PreferredTime {
    type Error = InvalidPreferredTime;
    fn try_from(text: String) -> Result<Self, InvalidPreferredTime> {
        text.parse()
    }
}

impl From<PreferredTime> for String {
    fn from(time: PreferredTime) -> Self {
        time.to_string()
    }
}

impl schemars::JsonSchema for PreferredTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PreferredTime".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let example = &"mon,tue,wed,thu,fri 18:00-20:00";
        schemars::json_schema!({ "type": "string", "examples": [example] })
    }
}

/// Reads the preferred times in a list's column, separated by `;`. Fails if one is invalid, there is none,
/// or there are more than `PREFERRED_TIMES_MAX`.
pub fn read_all(text: &str) -> Result<Vec<PreferredTime>, InvalidPreferredTime> {
    let parts = text
        .split([';', '；'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let times: Vec<PreferredTime> = parts.map(str::parse).collect::<Result<_, _>>()?;
    if times.is_empty() || times.len() > PREFERRED_TIMES_MAX {
        return Err(InvalidPreferredTime);
    }
    Ok(canonical(times))
}

/// Returns the preferred times sorted, each once.
pub fn canonical(mut times: Vec<PreferredTime>) -> Vec<PreferredTime> {
    times.sort_unstable();
    times.dedup();
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_in_many_ways_and_written_in_one() {
        for (text, written) in [
            ("18:00-20:00", "18:00-20:00"),
            ("mon-sun 18:00-20:00", "18:00-20:00"),
            ("Mon-Wed 09:00-12:00", "mon,tue,wed 09:00-12:00"),
            ("sat,sun 10:00-24:00", "sat,sun 10:00-24:00"),
            ("mon,wed-fri 10:00-11:00", "mon,wed,thu,fri 10:00-11:00"),
        ] {
            let read: PreferredTime = text.parse().unwrap();
            assert_eq!(read.to_string(), written);
            assert_eq!(read.to_string().parse::<PreferredTime>(), Ok(read));
        }
        let all = read_all("sat 10:00-12:00; mon-fri 18:00-20:00；sat 10:00-12:00").unwrap();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn what_says_no_time_is_refused() {
        for wrong in [
            "",
            ";",
            "evenings",
            "20:00-18:00",
            "18:00-18:00",
            "mon 18:00",
            "fri-mon 18:00-20:00",
            "someday 18:00-20:00",
            "mon 18:00-20:00 please",
            "25:00-26:00",
        ] {
            assert!(read_all(wrong).is_err(), "{wrong}");
        }
        let many = vec!["10:00-11:00"; PREFERRED_TIMES_MAX + 1].join(";");
        assert!(read_all(&many).is_err());
    }
}
