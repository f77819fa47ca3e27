//! An hour as it is counted: of a person's own day, on a working day or a day of rest.

use serde::{Deserialize, Serialize};

/// Hours of a day.
pub const HOURS_OF_DAY: usize = 24;

/// What people do on a day.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DaySort {
    /// Monday to Friday but for public holidays, and days that are worked for one.
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

/// An hour of a person's own day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourOfDay {
    /// 0 to 23.
    pub hour: u8,
    pub day: DaySort,
}

/// In which hour of their own day somebody was dialed, and of which group they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallHour {
    /// 0 to 23, in the person's own time.
    #[schemars(range(max = 23))]
    pub hour: u8,
    pub day: DaySort,
    /// The plan's first group is 1; absent of nobody's.
    #[serde(default, skip_serializing_if = "is_none")]
    pub group: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) const fn is_none(group: &u8) -> bool {
    *group == 0
}
