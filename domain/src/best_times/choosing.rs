//! Which of the hours ahead a retry is moved to.

use super::hours::{CallHour, HourOfDay};
use super::learnt::{CountedTimes, LearntTimes, Rate};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name under which an hour that is waited for stands among the rules.
pub const BEST_TIME: &str = "best_time";

/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// Hours looked at for one retry: those of three days.
const HOURS_AHEAD_MAX: u64 = 72;

/// What a call says of when its person answers, and what was made of that for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallTiming {
    /// When it was dialed.
    #[serde(flatten)]
    pub dialed: CallHour,
    /// The hour to which the next one was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<BetterHour>,
}

/// An hour that is waited for, and by what it is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BetterHour {
    /// When the retry policy would call, at the first opening.
    pub instead_of: Timestamp,
    #[serde(flatten)]
    pub hour: CallHour,
    /// What was counted of the campaign's dials in that hour.
    pub dials: u64,
    pub answers: u64,
    /// How likely an answer is then, and how likely where the policy would call.
    pub per_mille: u64,
    pub instead_per_mille: u64,
    /// By what was learnt up to here.
    pub through: u64,
}

impl BetterHour {
    /// The same as facts of why somebody is not called yet.
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

/// A retry as the policy has it.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    pub due_at: Timestamp,
    /// How much later it may be made.
    pub later_ms_max: u64,
    pub group: u8,
}

/// The best of the hours in which it may be made, where that is clearly better than the first of them. Each
/// is looked at as many minutes past the hour as the policy has, so that not all come at once.
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

/// The likeliest; of two alike the sooner.
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

/// The best of some hours for a group, and whether it is clearly better than the first of them.
pub(super) fn is_better_ahead(counted: &CountedTimes, hours: &[HourOfDay], group: u8) -> bool {
    let rate = |at: &HourOfDay| counted.rate(of_group(*at, group));
    let Some(now) = hours.first().map(rate) else {
        return false;
    };
    let ahead = hours.iter().skip(1);
    let mut known = ahead.filter(|at| counted.is_known(of_group(**at, group)));
    known.any(|at| rate(at).is_clearly_above(now))
}
