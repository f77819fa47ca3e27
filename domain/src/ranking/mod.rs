//! In which order the due of one campaign are called: by what they are worth to it, by how long they have
//! waited, and by the hour; one file an ordering.
//!
//! Promises. Whoever was asked for is first, as without an order. Whoever has waited the plan's
//! `overtaken_ms_max` since they were due goes before all who have not, oldest first, whatever anybody is
//! worth and whatever the hour: so nobody is called before somebody who became due `overtaken_ms_max`
//! earlier. Of one value the earlier due go first, so the first few of each value are enough to know the
//! first few of all: no order of everybody is ever made.

mod ageing;
mod by_value;
mod golden_hours;
mod placing;
mod plan;
#[cfg(test)]
mod tests;

pub use by_value::{AtLeast, ByColumn, ByGrade, ByTags, GradeLimits, ValuedBy};
pub use golden_hours::Hour;
pub use placing::{KnownOfPerson, Placing, Rung};
pub use plan::{CallValue, PriorityPlan, VALUE_MAX};

use crate::best_times::HoursAhead;
use crate::time::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// What an order goes by, of one who is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// A call was asked for, or a time was named for it.
    pub asked: bool,
    pub due_at: Timestamp,
    pub value: CallValue,
    /// Of which group of hours they are; 0 of none.
    pub times_group: u8,
}

/// Who goes before whom, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Somebody asked for the call.
    Asked,
    /// Has waited as long as anybody is overtaken.
    Waited,
    /// Whom the hour is for, or everybody where no hours were said.
    OfTheHour,
    /// Whom another hour is for.
    OfOtherHours,
}

impl Class {
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

/// Where somebody stands among the due: the smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub class: Class,
    /// When they were due, earlier by what they are worth.
    pub key: Timestamp,
    due_at: Timestamp,
}

/// An order at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    pub plan: &'a PriorityPlan,
    /// In which golden hours are said.
    pub zone: Tz,
    pub now: Timestamp,
    /// Groups whose better hour is still to come today.
    pub ahead: HoursAhead,
}

impl Order<'_> {
    pub fn hour(&self) -> Hour {
        golden_hours::hour(&self.plan.golden_hours, self.zone, self.now)
    }

    /// What rows tell apart whom this order may put first.
    pub fn rungs(&self, groups: usize) -> Vec<Rung> {
        let groups = 0..=u8::try_from(groups).unwrap_or(0);
        let values = self.plan.by.values();
        let of_group = |group| values.iter().map(move |value| Rung { value: *value, group });
        groups.flat_map(of_group).collect()
    }

    /// Where somebody stands now.
    pub fn place(&self, one: Standing) -> Place {
        let bound_ms = self.plan.overtaken_ms_max;
        let class = if one.asked {
            Class::Asked
        } else if ageing::has_waited(one.due_at, self.now, bound_ms) {
            Class::Waited
        } else {
            let class = golden_hours::class(self.hour(), self.plan.is_high(one.value));
            let waits = class == Class::OfTheHour && self.ahead.has(one.times_group);
            if waits { Class::OfOtherHours } else { class }
        };
        let key = match class {
            Class::Asked | Class::Waited => one.due_at,
            Class::OfTheHour | Class::OfOtherHours => ageing::key(one.due_at, one.value, bound_ms),
        };
        Place {
            class,
            key,
            due_at: one.due_at,
        }
    }

    /// The first `limit` of these in order. They hold the first `limit` of each value, by due time.
    pub fn first<T: Ord>(&self, those: Vec<(Standing, T)>, limit: usize) -> Vec<T> {
        let mut placed: Vec<(Place, T)> = those
            .into_iter()
            .map(|(standing, one)| (self.place(standing), one))
            .collect();
        placed.sort_unstable();
        placed.truncate(limit);
        placed.into_iter().map(|(_, one)| one).collect()
    }

    /// Why somebody stands where they stand, as facts.
    pub fn why(&self, one: Standing) -> BTreeMap<String, String> {
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
