//! Where an enrolment stands by its campaign's plan, told once when somebody is enrolled.
//!
//! The decider has the row, the tags and the attributes open then; afterwards they are sealed, and the order
//! goes by the value alone, which stands open: a step of ten says little of anybody.

use super::plan::{CallValue, PriorityPlan, VALUE_MAX};
use crate::attribute::{Attribute, AttributeValue};
use crate::best_times::{BestTimesPlan, TimesBy};
use crate::grouping::RfmFacts;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// Dates are kept as days in Beijing, eight hours before those of UTC.
const BEIJING_MS: u64 = 8 * 3_600_000;

/// Values, from 0 on.
const STEPS: u16 = VALUE_MAX as u16 + 1;

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Placing {
    /// What they are worth, where the campaign has an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CallValue>,
    /// Of which group they are, where the campaign learns by groups when people answer; from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8))]
    pub times_group: Option<u8>,
}

/// What rows tell people of a campaign apart by: a value, and a group of hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rung {
    pub value: CallValue,
    /// 0 of nobody's.
    pub group: u8,
}

impl Rung {
    /// As rows have it: the value itself where there are no groups.
    pub fn code(self) -> u16 {
        u16::from(self.group) * STEPS + u16::from(self.value.get())
    }

    /// Rows are made of events that hold no other.
    pub fn of_code(code: u64) -> Self {
        let part = |number: u64| u8::try_from(number).unwrap_or(0);
        Self {
            value: CallValue::try_from(part(code % u64::from(STEPS))).unwrap_or_default(),
            group: part(code / u64::from(STEPS)),
        }
    }
}

/// What is known of a person when they are enrolled.
#[derive(Debug)]
pub struct KnownOfPerson<'a> {
    /// The columns of their row.
    pub columns: &'a BTreeMap<String, String>,
    pub attributes: Option<&'a BTreeMap<Attribute, AttributeValue>>,
    pub tags: BTreeSet<&'a str>,
    pub now: Timestamp,
}

impl KnownOfPerson<'_> {
    /// A column of their row, else what is known of them by that name.
    fn said(&self, name: &str) -> Option<String> {
        let column = self.column(name).map(str::trim).filter(|text| !text.is_empty());
        column.map(str::to_owned).or_else(|| {
            let attribute = Attribute::named(name).ok()?;
            self.attributes?.get(&attribute).map(AttributeValue::written)
        })
    }

    pub(super) fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name).map(String::as_str)
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains(tag)
    }

    /// What grades by recency, frequency and money stand on; `None` where one of the three is not known.
    pub(super) fn rfm_facts(&self) -> Option<RfmFacts> {
        let known = |name: &str| {
            let attribute = Attribute::named(name).ok()?;
            self.attributes?.get(&attribute)?.ordered()
        };
        let today = self.now.plus_ms(BEIJING_MS).micros().div_euclid(DAY_MICROS);
        Some(RfmFacts {
            recency_days: today.saturating_sub(known("last_order_date")?),
            orders_count: known("orders_count")?,
            amount: known("orders_amount")?,
        })
    }
}

impl Placing {
    /// Where the plan puts this person; `None` where it asks for no order and for no groups.
    pub fn of(
        priority: Option<&PriorityPlan>,
        best_times: Option<&BestTimesPlan>,
        known: &KnownOfPerson<'_>,
    ) -> Option<Self> {
        let grouped = best_times.filter(|plan| !plan.groups.is_empty());
        if priority.is_none() && grouped.is_none() {
            return None;
        }
        Some(Self {
            value: priority.map(|plan| plan.by.value(known)),
            times_group: grouped
                .map(|plan| times_group(plan, known))
                .filter(|group| *group > 0),
        })
    }

    /// What rows tell them apart by.
    pub fn rung(&self) -> Rung {
        Rung {
            value: self.value.unwrap_or_default(),
            group: self.times_group.unwrap_or(0),
        }
    }
}

/// Of which group of hours somebody is: from 1, or 0 of none.
fn times_group(plan: &BestTimesPlan, known: &KnownOfPerson<'_>) -> u8 {
    let names = plan.by.names().iter();
    let said: Vec<String> = names.filter_map(|name| known.said(name)).collect();
    let is_of = |group: &String| match plan.by {
        TimesBy::All => false,
        TimesBy::Tag => known.has_tag(group),
        TimesBy::Industry => said.iter().any(|value| value == group),
        // A home is written with its province first, such as 上海市 or 广东省深圳市.
        TimesBy::Region => said.iter().any(|value| value.starts_with(group.as_str())),
    };
    let place = plan.groups.iter().position(is_of).map_or(0, |index| index + 1);
    u8::try_from(place).unwrap_or(0)
}
