//! The hours in which calls are counted: in the customer's local time, on working days and rest days.

use serde::{Deserialize, Serialize};

/// Hours of a day.
pub const HOURS_OF_DAY: usize = 24;

/// The kind of a day.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum DaySort {
    /// Monday to Friday except public holidays, and days worked in exchange for a holiday.
    Workday,
    RestDay,
}

impl DaySort {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Workday => "workday",
            Self::RestDay => "rest_day",
        }
    }
}

/// An hour of the day in the customer's local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourOfDay {
    /// Hour, 0 to 23.
    pub hour: u8,
    pub day: DaySort,
}

/// The hour in which a customer was dialed, with the customer's group.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(hour, group)]
pub struct CallHour {
    /// Hour in the customer's local time, 0 to 23.
    #[schemars(range(max = 23))]
    pub hour: u8,
    pub day: DaySort,
    /// Number of the group in the plan, starting at 1. Absent for customers without a group.
    #[serde(default, skip_serializing_if = "is_none")]
    pub group: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) const fn is_none(group: &u8) -> bool {
    *group == 0
}
