//! Best call times (最佳呼叫时间), learned from a campaign's own calls: counts by hour, smoothed, and the choice of
//! a better hour.
//!
//! Guarantees. The counts in use are in the campaign's stream (`campaign.times_learnt`), never in a view. All
//! arithmetic is with integers: the same counts always choose the same hour. A chosen hour is open, has
//! enough counts, is within the plan's longest delay, and is clearly better than the retry policy's hour;
//! otherwise the retry is not moved.

mod better_hour_groups;
mod hour_choice;
mod hour_counts;
mod hours;
mod plan;
#[cfg(test)]
mod tests;

pub use better_hour_groups::BetterHourGroups;
pub use hour_choice::{BEST_TIME, BetterHour, CallTiming, Retry, better_hour};
pub use hour_counts::{CountedTimes, HourRow, LearntTimes, PRIOR_DIALS, Rate};
pub use hours::{CallHour, DaySort, HOURS_OF_DAY, HourOfDay};
pub use plan::{BestTimesGrouping, BestTimesPlan, TIMES_GROUPS_MAX};
