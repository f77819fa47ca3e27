//! The placing of an enrolment by its campaign's plan, computed once at the enrolment.
//!
//! Only at the enrolment are row, tags and attributes open; afterwards they are sealed. The order then uses
//! the value alone, which is stored openly: one of ten steps reveals little about a customer.

use super::plan::{CallValue, PriorityPlan, VALUE_MAX};
use crate::attribute::{Attribute, AttributeValue};
use crate::best_times::{BestTimesGrouping, BestTimesPlan};
use crate::grouping::RfmFacts;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// Milliseconds that Beijing is ahead of UTC (eight hours). Dates are stored as days in Beijing.
const BEIJING_MS: u64 = 8 * 3_600_000;

/// Number of different values of a customer, 0 included.
const STEPS: u16 = VALUE_MAX as u16 + 1;

/// The customer's value and best-times group, computed when the customer is enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(times_group)]
pub struct EnrolmentRanking {
    /// The customer's value, if the campaign has a ranking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CallValue>,
    /// Number of the customer's group of hours, from 1, if the campaign learns answer times by groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 8))]
    pub times_group: Option<u8>,
}

/// The key by which a campaign's due enrolments are searched: value and best-times group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RankingBucket {
    pub value: CallValue,
    /// 0 for customers without a group.
    pub group: u8,
}

impl RankingBucket {
    /// Returns the key as the number stored in rows; without groups it equals the value.
    pub fn code(self) -> u16 {
        u16::from(self.group) * STEPS + u16::from(self.value.get())
    }

    /// Returns the key of a stored number. Rows come from events, which hold only valid numbers.
    pub fn of_code(code: u64) -> Self {
        let part = |number: u64| u8::try_from(number).unwrap_or(0);
        Self {
            value: CallValue::try_from(part(code % u64::from(STEPS))).unwrap_or_default(),
            group: part(code / u64::from(STEPS)),
        }
    }
}

/// The facts about a customer by which value and group are computed; known only at the enrolment.
#[derive(Debug)]
pub struct EnrolmentFacts<'a> {
    /// The columns of the customer's row.
    pub columns: &'a BTreeMap<String, String>,
    pub attributes: Option<&'a BTreeMap<Attribute, AttributeValue>>,
    pub tags: BTreeSet<&'a str>,
    pub now: Timestamp,
}

impl EnrolmentFacts<'_> {
    /// Returns the column of the customer's row with this name, else the attribute; `None` if both are
    /// missing or blank.
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

    /// Returns the customer's values for an RFM grade; `None` if one of the three is not known.
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

impl EnrolmentRanking {
    /// Returns a customer's value and best-times group; `None` if the campaign has neither a ranking nor
    /// groups.
    pub fn of(
        priority: Option<&PriorityPlan>,
        best_times: Option<&BestTimesPlan>,
        known: &EnrolmentFacts<'_>,
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

    /// Returns the key by which the enrolment's row is searched.
    pub fn rung(&self) -> RankingBucket {
        RankingBucket {
            value: self.value.unwrap_or_default(),
            group: self.times_group.unwrap_or(0),
        }
    }
}

/// Returns the number of the customer's group in the best-times plan (by tag, industry or region), from 1:
/// the first group that matches; 0 if none does.
fn times_group(plan: &BestTimesPlan, known: &EnrolmentFacts<'_>) -> u8 {
    let names = plan.by.names().iter();
    let said: Vec<String> = names.filter_map(|name| known.said(name)).collect();
    let is_of = |group: &String| match plan.by {
        BestTimesGrouping::All => false,
        BestTimesGrouping::Tag => known.has_tag(group),
        BestTimesGrouping::Industry => said.iter().any(|value| value == group),
        // A home location begins with its province, such as 上海市 or 广东省深圳市.
        BestTimesGrouping::Region => said.iter().any(|value| value.starts_with(group.as_str())),
    };
    let place = plan.groups.iter().position(is_of).map_or(0, |index| index + 1);
    u8::try_from(place).unwrap_or(0)
}
