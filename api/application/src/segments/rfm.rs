//! RFM grades (recency, frequency, monetary value) of the customers of a segment, by fifths or given limits.

use super::grouping::{number, within};
use super::service::SegmentAnswer;
use super::visibility::SegmentVisibility;
use super::{SegmentCounted, SegmentRequest, SelectionOptions};
use crate::installation::Installation;
use domain::attribute::{AttributeType, AttributeValue, BuiltInAttribute};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::grouping::{
    RFM_GRADES, RfmFacts, RfmGrade, RfmLimits, RfmScore, grades_by_quantiles, grades_by_rules,
};
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use projections::CustomerAttributes;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The facts about customers that RFM grades are computed from.
const RFM_FACTS: [&str; 4] = [
    "last_order_date",
    "orders_count",
    "orders_amount",
    "success_count",
];

/// RFM grades of a segment's customers, with counts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RfmGradesResponse {
    #[serde(flatten)]
    pub counted: SegmentCounted,
    /// Customers without one of the three facts.
    pub without_facts: usize,
    pub grades: Vec<RfmGradeResponse>,
}

/// An RFM grade with the number of its customers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RfmGradeResponse {
    #[schemars(example = &"champion")]
    pub grade: &'static str,
    #[schemars(example = &"重要价值客户")]
    pub zh: &'static str,
    #[schemars(example = &"champion")]
    pub en: &'static str,
    pub people: usize,
    pub converted: usize,
    /// Customers by their three scores, each from 1 to 5.
    #[schemars(extend("examples" = [{ "555": 12 }]))]
    pub scores: BTreeMap<String, usize>,
}

/// A segment to grade, by fifths or by given limits.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "sql": "SELECT * FROM customers" }]))]
pub struct RfmRequest {
    #[schemars(flatten)]
    pub(super) asked: SegmentRequest,
    /// Limits of the scores 2, 3, 4 and 5. `orders_count` and `amount` are least values; `recency_days` are
    /// the most days since the last order. Without limits the customers are scored by fifths.
    #[schemars(with = "Option<RfmLimitsBody>")]
    #[member(read = limits)]
    pub(super) limits: Option<RfmLimits>,
}

/// Four limits of each.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "recency_days": [180, 90, 30, 7], "orders_count": [2, 5, 10, 20],
    "amount": ["100", "500", "1000", "5000"] }]))]
struct RfmLimitsBody {
    recency_days: [i64; 4],
    orders_count: [i64; 4],
    #[schemars(extend("examples" = [["100", "500", "1000", "5000"]]))]
    amount: [String; 4],
}

impl RfmLimitsBody {
    fn read(self) -> Option<RfmLimits> {
        let mut amount = [0; 4];
        for (units, text) in amount.iter_mut().zip(&self.amount) {
            *units = AttributeValue::read(AttributeType::Decimal, text)
                .ok()?
                .ordered()?;
        }
        Some(RfmLimits {
            recency_days: self.recency_days,
            orders_count: self.orders_count,
            amount,
        })
    }
}

fn limits(body: &mut Members, name: &str) -> Option<RfmLimits> {
    let sent: RfmLimitsBody = body.value(name)?;
    let limits = sent.read();
    if limits.is_none() {
        body.wrong(name, "amounts are texts of numbers with at most 4 decimals");
    }
    limits
}

impl Installation {
    /// Returns the RFM grades of a segment's customers with counts, rounded as `sight` requires.
    pub async fn rfm_of_segment(
        &self,
        order: RfmRequest,
        sight: SegmentVisibility,
    ) -> Result<RfmGradesResponse, Problem> {
        let meant = super::read(&order.asked.sql)?;
        let (counted, answer) = self.rfm_facts(order.asked).await?;
        let counted = sight.counted(counted, &meant);
        let found = graded(counted, &answer.known, order.limits.as_ref());
        // Orders and amounts are sealed.
        Ok(match sight.reveals() {
            true => found,
            false => found.rounded(),
        })
    }

    /// Returns the facts from which the RFM grades of a segment's customers are computed.
    pub(super) async fn rfm_facts(
        &self,
        asked: SegmentRequest,
    ) -> Result<(SegmentCounted, SegmentAnswer), Problem> {
        let wanted = RFM_FACTS
            .iter()
            .filter_map(|name| BuiltInAttribute::named(name))
            .collect();
        let (counted, answer) = self.asked_segment(asked, SelectionOptions::known(wanted)).await?;
        within(&answer)?;
        Ok((counted, answer))
    }
}

/// A customer with all three RFM facts: the scores, and whether the customer converted.
pub(super) struct ScoredCustomer<'a> {
    pub(super) customer: &'a CustomerId,
    pub(super) score: RfmScore,
    converted: bool,
}

/// Returns the scores of the customers with all three RFM facts, in the order of `known`.
pub(super) fn scored<'a>(
    at: Timestamp,
    known: &'a [CustomerAttributes],
    limits: Option<&RfmLimits>,
) -> Vec<ScoredCustomer<'a>> {
    let today = day_of(at);
    let facts = known.iter().filter_map(|(customer, values)| {
        let at = |place: usize| values.get(place).and_then(number);
        let facts = RfmFacts {
            recency_days: today.saturating_sub(at(0)?),
            orders_count: at(1)?,
            amount: at(2)?,
        };
        Some((facts, (customer, at(3).is_some_and(|count| count > 0))))
    });
    let (facts, people): (Vec<RfmFacts>, Vec<(&CustomerId, bool)>) = facts.unzip();
    let scores = match limits {
        Some(limits) => grades_by_rules(&facts, limits),
        None => grades_by_quantiles(&facts),
    };
    let scored = people.into_iter().zip(scores);
    scored
        .map(|((customer, converted), score)| ScoredCustomer {
            customer,
            score,
            converted,
        })
        .collect()
}

pub(super) fn graded(
    counted: SegmentCounted,
    known: &[CustomerAttributes],
    limits: Option<&RfmLimits>,
) -> RfmGradesResponse {
    let scored = scored(counted.at, known, limits);
    let mut grades: Vec<RfmGradeResponse> = RFM_GRADES.iter().rev().map(empty_grade).collect();
    for one in &scored {
        note(&mut grades, one.score, one.converted);
    }
    RfmGradesResponse {
        counted,
        without_facts: known.len() - scored.len(),
        grades,
    }
}

const fn empty_grade(grade: &RfmGrade) -> RfmGradeResponse {
    RfmGradeResponse {
        grade: grade.code,
        zh: grade.zh,
        en: grade.en,
        people: 0,
        converted: 0,
        scores: BTreeMap::new(),
    }
}

fn note(grades: &mut [RfmGradeResponse], score: RfmScore, converted: bool) {
    let mut grades = grades.iter_mut();
    if let Some(shown) = grades.find(|shown| shown.grade == score.grade().code) {
        shown.people += 1;
        shown.converted += usize::from(converted);
        *shown.scores.entry(score.to_string()).or_default() += 1;
    }
}

/// Returns the number of the Beijing day at an instant, from 1970-01-01. Dates are stored as these numbers.
fn day_of(at: Timestamp) -> i64 {
    at.micros().saturating_add(BEIJING_MICROS).div_euclid(DAY_MICROS)
}
