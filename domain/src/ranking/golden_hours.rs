//! Golden hours: in them whoever is worth most goes first, outside of them the others do.
//!
//! They order, and keep nobody waiting while nobody else is due; when a person may be called at all is for
//! the windows to say. They are hours of the campaign's zone, as its schedule's times are.

use super::Class;
use crate::time::{TimeOfDay, Timestamp, seconds_of_day};
use chrono_tz::Tz;

/// What an hour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hour {
    /// No golden hours were said.
    Any,
    Golden,
    Ordinary,
}

impl Hour {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Golden => "golden",
            Self::Ordinary => "ordinary",
        }
    }
}

/// From inclusive, until exclusive.
pub(super) fn hour(golden: &[(TimeOfDay, TimeOfDay)], zone: Tz, now: Timestamp) -> Hour {
    if golden.is_empty() {
        return Hour::Any;
    }
    let local = now.to_utc().with_timezone(&zone).naive_local();
    let second = seconds_of_day(local);
    let is_golden = golden
        .iter()
        .any(|(from, until)| (from.seconds()..until.seconds()).contains(&second));
    match is_golden {
        true => Hour::Golden,
        false => Hour::Ordinary,
    }
}

pub(super) const fn class(hour: Hour, is_high: bool) -> Class {
    match (hour, is_high) {
        (Hour::Any, _) | (Hour::Golden, true) | (Hour::Ordinary, false) => Class::OfTheHour,
        (Hour::Golden, false) | (Hour::Ordinary, true) => Class::OfOtherHours,
    }
}
