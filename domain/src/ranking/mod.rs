//! The order in which the due enrolments of a campaign are dialed: by value, by waiting time and by the hour.
//! One file per criterion.
//!
//! Guarantees. Requested calls are first, as without a ranking. A customer who has waited `overtaken_ms_max`
//! since the due time precedes all who have not, the oldest first, whatever the values and the hour; so no
//! customer is called before one who was due `overtaken_ms_max` earlier. Within one value the earlier due
//! time is first, so the first few of each value determine the first few of all; the whole list is never
//! sorted.

mod aging;
mod enrolment_ranking;
mod golden_hours;
mod plan;
#[cfg(test)]
mod tests;
mod value_criterion;

pub use enrolment_ranking::{EnrolmentFacts, EnrolmentRanking, RankingBucket};
pub use golden_hours::HourKind;
pub use plan::{CallValue, PriorityPlan, VALUE_MAX};
pub use value_criterion::{
    ColumnCriterion, GradeCriterion, GradeLimits, TagCriterion, ValueCriterion, ValueStep,
};

use crate::best_times::BetterHourGroups;
use crate::time::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// The facts of a due enrolment that the order uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankingFacts {
    /// The call was requested, or a time was agreed.
    pub asked: bool,
    pub due_at: Timestamp,
    pub value: CallValue,
    /// Number of the customer's group of hours; 0 for none.
    pub times_group: u8,
}

/// The class of an enrolment in the order, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RankingClass {
    /// The call was requested.
    Asked,
    /// The customer has waited as long as a customer can be overtaken.
    Waited,
    /// The current hour is for this customer, or the plan has no golden hours.
    OfTheHour,
    /// Another hour is for this customer.
    OfOtherHours,
}

impl RankingClass {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Waited => "waited",
            Self::OfTheHour => "of_the_hour",
            Self::OfOtherHours => "of_other_hours",
        }
    }
    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Asked => "有人要求立即呼叫或已约定时间，最先呼叫",
            Self::Waited => "等待已达上限，先于其他人呼叫",
            Self::OfTheHour => "按价值与等待时间排序",
            Self::OfOtherHours => "当前时段优先呼叫其他人，排在其后",
        }
    }
    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Asked => "somebody asked for the call or named its time: before all others",
            Self::Waited => "has waited as long as anybody is overtaken: before all who have not",
            Self::OfTheHour => "by value and by how long they have waited",
            Self::OfOtherHours => "behind those whom this hour is for",
        }
    }
}

/// The place of an enrolment in the order; the smaller is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RankingPosition {
    pub class: RankingClass,
    /// The due time less the head start of the value.
    pub key: Timestamp,
    due_at: Timestamp,
}

/// The order at one point in time.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub plan: &'a PriorityPlan,
    /// Time zone of the golden hours.
    pub zone: Tz,
    pub now: Timestamp,
    /// Groups with a better hour later today.
    pub ahead: BetterHourGroups,
}

impl Order<'_> {
    pub fn hour(&self) -> HourKind {
        golden_hours::hour(&self.plan.golden_hours, self.zone, self.now)
    }

    /// Returns the rungs (value and group) that rows are selected by.
    pub fn rungs(&self, groups: usize) -> Vec<RankingBucket> {
        let groups = 0..=u8::try_from(groups).unwrap_or(0);
        let values = self.plan.by.values();
        let of_group = |group| {
            values
                .iter()
                .map(move |value| RankingBucket { value: *value, group })
        };
        groups.flat_map(of_group).collect()
    }

    /// Returns the current place of an enrolment.
    pub fn place(&self, one: RankingFacts) -> RankingPosition {
        let bound_ms = self.plan.overtaken_ms_max;
        let class = if one.asked {
            RankingClass::Asked
        } else if aging::has_waited(one.due_at, self.now, bound_ms) {
            RankingClass::Waited
        } else {
            let class = golden_hours::class(self.hour(), self.plan.is_high(one.value));
            let waits = class == RankingClass::OfTheHour && self.ahead.has(one.times_group);
            if waits { RankingClass::OfOtherHours } else { class }
        };
        let key = match class {
            RankingClass::Asked | RankingClass::Waited => one.due_at,
            RankingClass::OfTheHour | RankingClass::OfOtherHours => {
                aging::key(one.due_at, one.value, bound_ms)
            }
        };
        RankingPosition {
            class,
            key,
            due_at: one.due_at,
        }
    }

    /// Returns the first `limit` of these enrolments in order. They must contain the first `limit` of each
    /// value by due time.
    pub fn first<T: Ord>(&self, those: Vec<(RankingFacts, T)>, limit: usize) -> Vec<T> {
        let mut placed: Vec<(RankingPosition, T)> = those
            .into_iter()
            .map(|(standing, one)| (self.place(standing), one))
            .collect();
        placed.sort_unstable();
        placed.truncate(limit);
        placed.into_iter().map(|(_, one)| one).collect()
    }

    /// Returns the facts that explain an enrolment's place.
    pub fn why(&self, one: RankingFacts) -> BTreeMap<String, String> {
        let place = self.place(one);
        let facts = [
            ("class", place.class.code().to_owned()),
            ("value", one.value.to_string()),
            ("value_by", self.plan.by.code().to_owned()),
            ("waited_ms", self.now.ms_since(one.due_at).to_string()),
            ("overtaken_ms_max", self.plan.overtaken_ms_max.to_string()),
            ("hour", self.hour().code().to_owned()),
            ("placed_as_due_at", place.key.to_string()),
        ];
        let mut facts = BTreeMap::from(facts.map(|(name, fact)| (name.to_owned(), fact)));
        if self.ahead.has(one.times_group) {
            facts.insert("better_hour_ahead".to_owned(), one.times_group.to_string());
        }
        facts
    }
}
