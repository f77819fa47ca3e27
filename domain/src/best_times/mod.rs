//! When people answer, learnt from a campaign's own calls (最佳呼叫时间): counts by hour, smoothed, and which
//! of the hours ahead is best.
//!
//! Promises. What is gone by stands in the campaign's stream (`campaign.times_learnt`), never in a view.
//! Counts are integers and so is what follows from them: the same counts choose the same hour for ever.
//! An hour that is chosen is open, is known, is no later than the plan lets a retry wait, and is clearly
//! better than the one that the retry policy has, or nothing is moved.

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
