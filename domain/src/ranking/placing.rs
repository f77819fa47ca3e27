//! Where an enrolment stands by its campaign's plan, told once when somebody is enrolled.
//!
//! The decider has the row, the tags and the attributes open then; afterwards they are sealed, and the order
//! goes by the value alone, which stands open: a step of ten says little of anybody.

use super::plan::{CallValue, PriorityPlan};
use crate::attribute::{Attribute, AttributeValue};
use crate::grouping::RfmFacts;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;

/// Dates are kept as days in Beijing, eight hours before those of UTC.
const BEIJING_MS: u64 = 8 * 3_600_000;

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Placing {
    /// What they are worth, where the campaign has an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CallValue>,
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
    /// Where the plan puts this person; `None` where it asks for no order.
    pub fn of(priority: Option<&PriorityPlan>, known: &KnownOfPerson<'_>) -> Option<Self> {
        let plan = priority?;
        Some(Self {
            value: Some(plan.by.value(known)),
        })
    }
}
