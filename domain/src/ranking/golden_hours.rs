//! Golden hours: customers of high value are called first in them, the others first outside of them.
//!
//! They only order: a customer does not wait if no other is due. Calling windows decide when a customer may
//! be called. The hours are in the campaign's time zone, like its schedule.

use super::RankingClass;
use crate::time::{TimeOfDay, Timestamp, seconds_of_day};
use chrono_tz::Tz;

/// The kind of the current hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HourKind {
    /// The plan has no golden hours.
    Any,
    Golden,
    Ordinary,
}

impl HourKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Golden => "golden",
            Self::Ordinary => "ordinary",
        }
    }
}

/// Returns the kind of the hour at `now`. Pairs have an inclusive start and an exclusive end.
pub(super) fn hour(golden: &[(TimeOfDay, TimeOfDay)], zone: Tz, now: Timestamp) -> HourKind {
    if golden.is_empty() {
        return HourKind::Any;
    }
    let local = now.to_utc().with_timezone(&zone).naive_local();
    let second = seconds_of_day(local);
    let is_golden = golden
        .iter()
        .any(|(from, until)| (from.seconds()..until.seconds()).contains(&second));
    match is_golden {
        true => HourKind::Golden,
        false => HourKind::Ordinary,
    }
}

pub(super) const fn class(hour: HourKind, is_high: bool) -> RankingClass {
    match (hour, is_high) {
        (HourKind::Any, _) | (HourKind::Golden, true) | (HourKind::Ordinary, false) => {
            RankingClass::OfTheHour
        }
        (HourKind::Golden, false) | (HourKind::Ordinary, true) => RankingClass::OfOtherHours,
    }
}
