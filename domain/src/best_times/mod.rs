//! Best call times (最佳呼叫时间), learned from a campaign's own calls: counts by hour, smoothed, and the choice of
//! a better hour.
//!
//! Guarantees. The counts in use are in the campaign's stream (`campaign.times_learnt`), never in a view. All
//! arithmetic is with integers: the same counts always choose the same hour. A chosen hour is open, has
//! enough counts, is within the plan's longest delay, and is clearly better than the retry policy's hour;
//! otherwise the retry is not moved.

mod ahead;
mod choosing;
mod hours;
mod learnt;
mod plan;
#[cfg(test)]
mod tests;

pub use ahead::HoursAhead;
pub use choosing::{BEST_TIME, BetterHour, CallTiming, Retry, better_hour};
pub use hours::{CallHour, DaySort, HOURS_OF_DAY, HourOfDay};
pub use learnt::{CountedTimes, HourRow, LearntTimes, PRIOR_DIALS, Rate};
pub use plan::{BestTimesPlan, TIMES_GROUPS_MAX, TimesBy};
