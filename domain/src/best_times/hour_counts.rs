//! Counts of dials and answers by hour, and the answer rates estimated from them. Small counts are smoothed
//! toward larger ones (Beta-Binomial), so that one lucky call does not make a best hour.
//!
//! There are three levels, each smoothed with the weight of `PRIOR_DIALS` dials: the institution's hours
//! toward its mean; a campaign's hours toward its own mean in the shape of the institution's hours; a group's
//! hours toward its own mean in the shape of the campaign's. A mean is smoothed toward the mean of the level
//! above.

use super::hours::{CallHour, DaySort, HOURS_OF_DAY, is_none};
use super::plan::TIMES_GROUPS_MAX;
use serde::{Deserialize, Serialize};

/// Number of dials with which the estimate of the level above is weighed against the counts of an hour.
pub const PRIOR_DIALS: u64 = 50;

/// Fewest dials of the institution in an hour for which it can be chosen as a better hour.
const KNOWN_DIALS_MIN: u64 = 20;

/// The rate of a certain answer: one, in millionths.
const CERTAIN: u64 = 1_000_000;

/// An answer rate in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    pub const fn per_mille(self) -> u64 {
        self.0 / 1_000
    }

    /// Returns true if this rate is higher by at least a tenth. A smaller difference is not worth a delay.
    pub const fn is_clearly_above(self, other: Self) -> bool {
        self.0.saturating_mul(10) >= other.0.saturating_mul(11) && self.0 > other.0
    }
}

/// Counts of dials and answers by hour, of one customer group on one kind of day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(group, dials, answers)]
pub struct HourRow {
    /// Number of the group in the plan, starting at 1. Absent for customers without a group and for the
    /// institution.
    #[serde(default, skip_serializing_if = "is_none")]
    pub group: u8,
    pub day: DaySort,
    /// Dials with a result that depends on the customer, for hours 0 to 23.
    pub dials: [u64; HOURS_OF_DAY],
    /// Those of them that a person answered.
    pub answers: [u64; HOURS_OF_DAY],
}

/// Counts of dials and answers by hour: of one campaign, and of the institution.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub struct CountedTimes {
    /// Counts of the campaign, by group and kind of day.
    pub own: Vec<HourRow>,
    /// Counts of all campaigns of the institution, including this one, by kind of day.
    pub institution: Vec<HourRow>,
}

/// The counts with which a campaign chooses better hours, up to a log position.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(through, dials)]
pub struct LearntTimes {
    /// Log position up to which ended calls are counted.
    pub through: u64,
    /// Number of counted dials of the campaign.
    pub dials: u64,
    #[serde(flatten)]
    pub counted: CountedTimes,
}

/// The dials and answers of one or more hours.
#[derive(Clone, Copy, Default)]
struct Sum {
    dials: u64,
    answers: u64,
}

impl Sum {
    /// Returns this sum less `part`, at least 0.
    const fn without(self, part: Self) -> Self {
        Self {
            dials: self.dials.saturating_sub(part.dials),
            answers: self.answers.saturating_sub(part.answers),
        }
    }

    /// Returns the answer rate in millionths, smoothed toward `prior` with the weight of `PRIOR_DIALS`
    /// dials.
    const fn drawn_to(self, prior: u64) -> u64 {
        let weighed = self
            .answers
            .saturating_mul(CERTAIN)
            .saturating_add(PRIOR_DIALS.saturating_mul(prior));
        weighed / self.dials.saturating_add(PRIOR_DIALS)
    }
}

impl CountedTimes {
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.institution.is_empty()
    }

    /// Counts a dial of the campaign itself; it counts for the institution too.
    pub fn note_own(&mut self, at: CallHour, answered: bool) {
        note(&mut self.own, at, answered);
        self.note_other(at, answered);
    }

    /// Adds a dial of another campaign, and its answer if `answered`, to the institution's counts of that
    /// hour and kind of day. The group in `at` is ignored.
    pub fn note_other(&mut self, at: CallHour, answered: bool) {
        note(&mut self.institution, CallHour { group: 0, ..at }, answered);
    }

    /// Adds counts from a later part of the log.
    pub fn add(&mut self, more: &Self) {
        add(&mut self.own, &more.own);
        add(&mut self.institution, &more.institution);
    }

    /// Returns the number of counted dials of the campaign.
    pub fn dials(&self) -> u64 {
        self.own.iter().flat_map(|row| row.dials).sum()
    }

    /// Returns true if no counted group number is above `groups`, the number of the plan's groups.
    pub fn is_within(&self, groups: usize) -> bool {
        let within = |row: &HourRow| usize::from(row.group) <= groups.min(TIMES_GROUPS_MAX);
        self.own.iter().all(within) && self.institution.iter().all(|row| row.group == 0)
    }

    /// Returns the campaign's dials and answers in one hour of one group.
    pub fn of_hour(&self, at: CallHour) -> (u64, u64) {
        let rows = self.own.iter();
        let sum = sum(rows.filter(|row| row.group == at.group), at.day, Some(at.hour));
        (sum.dials, sum.answers)
    }

    /// Returns true if the institution has at least `KNOWN_DIALS_MIN` dials in this hour.
    pub fn is_known(&self, at: CallHour) -> bool {
        sum(self.institution.iter(), at.day, Some(at.hour)).dials >= KNOWN_DIALS_MIN
    }

    /// Returns the estimated answer rate of one hour for one group. Each level leaves out the counts of the
    /// level below, so that no call counts twice.
    pub fn rate(&self, at: CallHour) -> Rate {
        let of_group = |hour| sum(self.own.iter().filter(|row| row.group == at.group), at.day, hour);
        let own = |hour| sum(self.own.iter(), at.day, hour);
        let others = |hour| sum(self.institution.iter(), at.day, hour).without(own(hour));
        let one = Some(at.hour);
        let all = others(None);
        // Laplace's rule of succession: without counts the rate is one half.
        let mean = all.answers.saturating_add(1).saturating_mul(CERTAIN) / all.dials.saturating_add(2);
        let hour = others(one).drawn_to(mean);
        let rest = |hour| own(hour).without(of_group(hour));
        let campaign = level(rest(None), rest(one), Level { mean, hour });
        let group = level(of_group(None), of_group(one), campaign);
        Rate(group.hour.min(CERTAIN))
    }
}

/// The estimated answer rate of one level in millionths: over all hours, and in one hour.
#[derive(Clone, Copy)]
struct Level {
    mean: u64,
    hour: u64,
}

/// Returns the estimate of a level from its own counts and the estimate of the level above.
fn level(all: Sum, hour: Sum, above: Level) -> Level {
    let mean = all.drawn_to(above.mean);
    let shaped = mean.saturating_mul(above.hour) / above.mean.max(1);
    let hour = hour.drawn_to(shaped.min(CERTAIN));
    Level { mean, hour }
}

fn sum<'a>(rows: impl Iterator<Item = &'a HourRow>, day: DaySort, hour: Option<u8>) -> Sum {
    let mut sum = Sum::default();
    for row in rows.filter(|row| row.day == day) {
        let each = (0..).zip(row.dials.iter().zip(&row.answers));
        for (_, (dials, answers)) in each.filter(|(at, _)| hour.is_none_or(|hour| hour == *at)) {
            sum.dials = sum.dials.saturating_add(*dials);
            sum.answers = sum.answers.saturating_add(*answers);
        }
    }
    sum
}

fn note(rows: &mut Vec<HourRow>, at: CallHour, answered: bool) {
    let row = row_of(rows, at.group, at.day);
    let hour = usize::from(at.hour);
    for (counts, more) in [(&mut row.dials, 1), (&mut row.answers, u64::from(answered))] {
        if let Some(count) = counts.get_mut(hour) {
            *count = count.saturating_add(more);
        }
    }
}

/// Returns the row of a group and kind of day. A missing row is inserted in order.
#[expect(
    clippy::indexing_slicing,
    reason = "the row was found there, or has just been put there"
)]
fn row_of(rows: &mut Vec<HourRow>, group: u8, day: DaySort) -> &mut HourRow {
    let found = rows.binary_search_by_key(&(group, day), |row| (row.group, row.day));
    let (index, is_new) = found.map_or_else(|index| (index, true), |index| (index, false));
    if is_new {
        let row = HourRow {
            group,
            day,
            dials: [0; HOURS_OF_DAY],
            answers: [0; HOURS_OF_DAY],
        };
        rows.insert(index, row);
    }
    &mut rows[index]
}

fn add(rows: &mut Vec<HourRow>, more: &[HourRow]) {
    for counted in more {
        let row = row_of(rows, counted.group, counted.day);
        let sums = [
            (&mut row.dials, &counted.dials),
            (&mut row.answers, &counted.answers),
        ];
        for (sums, more) in sums {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum = sum.saturating_add(*more);
            }
        }
    }
}
