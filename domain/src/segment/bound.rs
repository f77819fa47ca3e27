//! A value in a segment's condition: fixed, or relative to the time of evaluation.

use crate::attribute::AttributeValue;
use crate::calendar::{BEIJING_MICROS, DAY_MICROS};
use crate::time::Timestamp;
use chrono::{DateTime, Months, Utc};

/// The value with which a condition compares a column: fixed, or relative to the time of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Fixed(AttributeValue),
    /// `NOW()` plus a shift.
    Now(Shift),
    /// The current day in Beijing plus a shift, for date columns.
    Today(Shift),
    /// The start of that day, for time columns.
    TodayBegun(Shift),
}

/// An amount of time that is added to an instant: calendar months first, then microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shift {
    pub months: i64,
    pub micros: i64,
}

/// Longest shift in months, forwards or backwards; a longer one is refused. One hundred years, so that no
/// result leaves the calendar's range.
pub(super) const SHIFT_MONTHS_MAX: i64 = 1_200;
/// Longest shift in microseconds, forwards or backwards; a longer one is refused. One hundred years.
pub(super) const SHIFT_MICROS_MAX: i64 = 36_525 * DAY_MICROS;

impl Bound {
    /// Returns the value to compare with at the time `now`.
    pub fn at(&self, now: Timestamp) -> AttributeValue {
        match self {
            Self::Fixed(value) => value.clone(),
            Self::Now(shift) => AttributeValue::Time(Timestamp::from_micros(shifted(now.micros(), *shift))),
            Self::Today(shift) => AttributeValue::Date(day_of(now, *shift)),
            Self::TodayBegun(shift) => {
                let begun = day_of(now, *shift)
                    .saturating_mul(DAY_MICROS)
                    .saturating_sub(BEIJING_MICROS);
                AttributeValue::Time(Timestamp::from_micros(begun))
            }
        }
    }
}

/// Returns a time in microseconds, moved by a shift. Months follow Beijing's calendar; a day that the month
/// does not have becomes its last day.
fn shifted(micros: i64, shift: Shift) -> i64 {
    let local = micros.saturating_add(BEIJING_MICROS);
    let moved = DateTime::<Utc>::from_timestamp_micros(local).and_then(|local| {
        let months = Months::new(u32::try_from(shift.months.unsigned_abs()).ok()?);
        match shift.months < 0 {
            true => local.checked_sub_months(months),
            false => local.checked_add_months(months),
        }
    });
    let moved = moved.map_or(local, |moved| moved.timestamp_micros());
    moved.saturating_sub(BEIJING_MICROS).saturating_add(shift.micros)
}

fn day_of(now: Timestamp, shift: Shift) -> i64 {
    let local = shifted(now.micros(), shift).saturating_add(BEIJING_MICROS);
    local.div_euclid(DAY_MICROS)
}
