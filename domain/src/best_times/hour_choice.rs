//! The choice of a better hour for a retry.

use super::hour_counts::{CountedTimes, LearntTimes, Rate};
use super::hours::{CallHour, HourOfDay};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The id stored as rule while an enrolment waits for a better hour.
pub const BEST_TIME: &str = "best_time";

/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// Most hours after its due time that are considered for one retry: three days.
const HOURS_AHEAD_MAX: u64 = 72;

/// The hour in which a call was dialed, and the move of the next one, as stored with the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct CallTiming {
    /// The hour in which the call was dialed.
    #[serde(flatten)]
    pub dialed: CallHour,
    /// The hour that the retry was moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<BetterHour>,
}

/// A better hour to which a retry is moved, with the counts behind the choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(dials, answers, per_mille, instead_per_mille, through)]
pub struct BetterHour {
    /// The time that the retry policy would use: the first opening.
    pub instead_of: Timestamp,
    #[serde(flatten)]
    pub hour: CallHour,
    /// Dials of the campaign counted in this hour.
    pub dials: u64,
    pub answers: u64,
    /// Estimated answer rate of this hour and of the policy's hour, in thousandths.
    pub per_mille: u64,
    pub instead_per_mille: u64,
    /// Log position up to which calls were counted.
    pub through: u64,
}

impl BetterHour {
    /// Returns the values of the choice as facts that explain why the customer is not called yet.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let facts = [
            ("hour", self.hour.hour.to_string()),
            ("day_sort", self.hour.day.code().to_owned()),
            ("times_group", self.hour.group.to_string()),
            ("instead_of", self.instead_of.to_string()),
            ("dials", self.dials.to_string()),
            ("answers", self.answers.to_string()),
            ("per_mille", self.per_mille.to_string()),
            ("instead_per_mille", self.instead_per_mille.to_string()),
            ("learnt_through", self.through.to_string()),
        ];
        facts.map(|(name, fact)| (name.to_owned(), fact)).into()
    }
}

/// A retry as the retry policy schedules it, with how far it may be moved.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    pub due_at: Timestamp,
    /// Longest delay of the retry, in milliseconds.
    pub later_ms_max: u64,
    pub group: u8,
}

/// Returns the open hour with the best answer rate within the retry's permitted delay, if it is clearly
/// better than the first open one; `None` otherwise. The retry keeps its minute past the hour, so that not
/// all retries start at once.
pub fn better_hour(
    learnt: &LearntTimes,
    retry: Retry,
    hour_of: impl Fn(Timestamp) -> Option<HourOfDay>,
    is_open: impl Fn(Timestamp) -> bool,
) -> Option<(Timestamp, BetterHour)> {
    let last = (retry.later_ms_max / HOUR_MS).min(HOURS_AHEAD_MAX);
    let open: Vec<(Timestamp, CallHour, Rate)> = (0..=last)
        .map(|hours| retry.due_at.plus_ms(hours * HOUR_MS))
        .filter(|at| is_open(*at))
        .filter_map(|at| {
            let hour = of_group(hour_of(at)?, retry.group);
            Some((at, hour, learnt.counted.rate(hour)))
        })
        .collect();
    let (instead_of, _, instead) = *open.first()?;
    let known = open.iter().filter(|(_, hour, _)| learnt.counted.is_known(*hour));
    let (at, hour, rate) = best(known)?;
    if !rate.is_clearly_above(instead) {
        return None;
    }
    let (dials, answers) = learnt.counted.of_hour(hour);
    let better = BetterHour {
        instead_of,
        hour,
        dials,
        answers,
        per_mille: rate.per_mille(),
        instead_per_mille: instead.per_mille(),
        through: learnt.through,
    };
    Some((at, better))
}

/// Returns the hour with the highest answer rate; of equal ones the earlier. `None` without hours.
fn best<'a>(
    known: impl Iterator<Item = &'a (Timestamp, CallHour, Rate)>,
) -> Option<(Timestamp, CallHour, Rate)> {
    known
        .copied()
        .max_by_key(|(at, _, rate)| (*rate, std::cmp::Reverse(*at)))
}

const fn of_group(at: HourOfDay, group: u8) -> CallHour {
    CallHour {
        hour: at.hour,
        day: at.day,
        group,
    }
}

/// Returns true if one of the later `hours` has a clearly better answer rate for the group than the first.
pub(super) fn is_better_ahead(counted: &CountedTimes, hours: &[HourOfDay], group: u8) -> bool {
    let rate = |at: &HourOfDay| counted.rate(of_group(*at, group));
    let Some(now) = hours.first().map(rate) else {
        return false;
    };
    let ahead = hours.iter().skip(1);
    let mut known = ahead.filter(|at| counted.is_known(of_group(**at, group)));
    known.any(|at| rate(at).is_clearly_above(now))
}
