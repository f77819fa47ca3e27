//! Grouping the customers of a segment: groups with a different conversion than the others, and RFM grades
//! (recency, frequency, monetary value).

use super::service::{KNOWN_MAX, SegmentAnswer};
use super::visibility::SegmentVisibility;
use super::{SegmentCounted, SegmentRequest, SelectionOptions};
use crate::as_of::replays::LongReadContext;
use crate::installation::Installation;
use domain::attribute::{AttributeType, AttributeValue, BuiltInAttribute, CATALOGUE};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::grouping::{
    Feature, FeatureKind, Features, GroupingLimits, RFM_GRADES, RfmFacts, RfmGrade, RfmLimits, RfmScore,
    grades_by_quantiles, grades_by_rules, group,
};
use domain::ids::CustomerId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use projections::{CustomerAttributes, Val};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most different texts of an attribute for groups to use it. With more, differences would be chance.
const TEXTS_MAX: usize = 16;

/// The attributes that tell whether a customer answered and converted. They precede the features.
const COURSE: [&str; 2] = ["answered_count", "success_count"];

/// The facts about customers that RFM grades are computed from.
const RFM_FACTS: [&str; 4] = [
    "last_order_date",
    "orders_count",
    "orders_amount",
    "success_count",
];

/// Groups among a segment's customers who answered, best first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupsFound {
    #[serde(flatten)]
    pub counted: SegmentCounted,
    /// Customers who answered at least one call.
    pub answered: usize,
    pub converted: usize,
    pub groups: Vec<SegmentGroupResponse>,
}

/// A group, with the conditions that define it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SegmentGroupResponse {
    /// The group as a segment, which can be queried and frozen.
    #[schemars(example = &"SELECT * FROM customers WHERE age > 24 AND age <= 35")]
    pub sql: String,
    pub people: usize,
    /// Customers in the half that was not used to find the group.
    pub held_back: usize,
    pub held_back_converted: usize,
    /// Conversion of the held-back customers, per ten thousand.
    pub conversion_per_ten_thousand: u64,
}

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
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "sql": "SELECT * FROM customers" }]))]
pub struct RfmRequest {
    #[schemars(flatten)]
    pub(super) asked: SegmentRequest,
    /// Values from which a score is 2, 3, 4 and 5; for recency, the days up to which it is. Default:
    /// fifths.
    #[schemars(with = "Option<RfmLimitsBody>")]
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

impl ApiRequest for RfmRequest {
    fn read(body: &mut Members) -> Self {
        let sent: Option<RfmLimitsBody> = body.value("limits");
        let is_sent = sent.is_some();
        let limits = sent.and_then(RfmLimitsBody::read);
        if is_sent && limits.is_none() {
            body.wrong("limits", "amounts are texts of numbers with at most 4 decimals");
        }
        Self {
            asked: SegmentRequest::read(body),
            limits,
        }
    }
}

impl Installation {
    /// Returns groups of the segment's customers who answered, by conversion, best first.
    pub async fn groups_of_segment(
        &self,
        order: SegmentRequest,
        sight: SegmentVisibility,
    ) -> Result<GroupsFound, Problem> {
        let meant = super::read(&order.sql)?;
        let described: Vec<&'static BuiltInAttribute> =
            CATALOGUE.iter().filter(|known| tells_apart(known)).collect();
        let mut wanted: Vec<&'static BuiltInAttribute> = COURSE
            .iter()
            .filter_map(|name| BuiltInAttribute::named(name))
            .collect();
        wanted.extend(&described);
        let (counted, answer) = self.asked_segment(order, SelectionOptions::known(wanted)).await?;
        within(&answer)?;
        let condition = meant.condition_text().map(str::to_owned);
        let work = move |_: &LongReadContext<'_>| {
            GroupSearchResult::of(&described, &answer.known, condition.as_deref())
        };
        let found = self.past.apart(&self.environment, work).await?;
        let found = found.ok_or_else(|| Problem::unavailable("the server stops"))?;
        let found = GroupsFound {
            counted: sight.counted(counted, &meant),
            answered: found.answered,
            converted: found.converted,
            groups: found.groups,
        };
        // Groups differ by sealed attributes, even if the segment uses none.
        Ok(match sight.reveals() {
            true => found,
            false => found.rounded(),
        })
    }

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

pub(super) fn within(answer: &SegmentAnswer) -> Result<(), Problem> {
    if answer.known.len() as u64 > KNOWN_MAX {
        let detail = format!("more than {KNOWN_MAX} customers in one query: narrow the segment");
        return Err(Problem::refused("segment-too-large", detail));
    }
    Ok(())
}

/// Returns true for attributes that describe the customer and can form groups; false for results of calls,
/// which would reveal conversion directly.
fn tells_apart(known: &BuiltInAttribute) -> bool {
    let is_told = matches!(
        known.kind,
        AttributeType::Integer | AttributeType::Decimal | AttributeType::Text
    );
    is_told && !known.follows_calls
}

const fn number(value: &Val) -> Option<i64> {
    match value {
        Val::Int(number) => Some(*number),
        Val::Null | Val::Bool(_) | Val::Real(_) | Val::Text(_) | Val::Blob(_) => None,
    }
}

struct GroupSearchResult {
    answered: usize,
    converted: usize,
    groups: Vec<SegmentGroupResponse>,
}

impl GroupSearchResult {
    fn of(described: &[&BuiltInAttribute], known: &[CustomerAttributes], condition: Option<&str>) -> Self {
        let answered: Vec<&CustomerAttributes> = known
            .iter()
            .filter(|(_, values)| values.first().and_then(number).is_some_and(|count| count > 0))
            .collect();
        let features: Vec<(usize, Feature)> = described
            .iter()
            .enumerate()
            .filter_map(|(at, known)| {
                Some((at + COURSE.len(), feature(known, at + COURSE.len(), &answered)?))
            })
            .collect();
        let rows: Vec<Features> = answered.iter().map(|person| row(person, &features)).collect();
        let features: Vec<Feature> = features.into_iter().map(|(_, feature)| feature).collect();
        let found = group(&features, &rows, GroupingLimits::of(rows.len()));
        let groups = found.groups.into_iter().map(|group| {
            let mut conditions: Vec<String> = condition.map(|text| format!("({text})")).into_iter().collect();
            conditions.push("answered_count > 0".to_owned());
            conditions.extend(group.conditions.iter().filter_map(|one| one.sql(&features)));
            SegmentGroupResponse {
                sql: format!("SELECT * FROM customers WHERE {}", conditions.join(" AND ")),
                people: group.learned.people + group.held_back.people,
                held_back: group.held_back.people,
                held_back_converted: group.held_back.converted,
                conversion_per_ten_thousand: group.held_back.per_ten_thousand(),
            }
        });
        Self {
            groups: groups.collect(),
            answered: found.all.people,
            converted: found.all.converted,
        }
    }
}

/// Returns how an attribute forms groups; `None` if it has no values, or more than `TEXTS_MAX` texts.
fn feature(known: &BuiltInAttribute, at: usize, people: &[&CustomerAttributes]) -> Option<Feature> {
    let kind = match known.kind {
        AttributeType::Integer => FeatureKind::Integer,
        AttributeType::Decimal => FeatureKind::Decimal,
        AttributeType::Text => {
            let mut texts: Vec<String> = Vec::new();
            for (_, values) in people {
                let Some(Val::Text(text)) = values.get(at) else {
                    continue;
                };
                if let Err(place) = texts.binary_search(text) {
                    texts.insert(place, text.clone());
                }
                if texts.len() > TEXTS_MAX {
                    return None;
                }
            }
            FeatureKind::Text(texts)
        }
        AttributeType::Date | AttributeType::Time | AttributeType::Boolean => return None,
    };
    Some(Feature {
        name: known.name.to_owned(),
        kind,
    })
}

/// Returns the feature values of a customer. The last digit of the customer's id, a keyed hash, decides
/// whether the customer is held back, so it is always the same half.
fn row(person: &CustomerAttributes, features: &[(usize, Feature)]) -> Features {
    let (customer, values) = person;
    let of = |(at, feature): &(usize, Feature)| match (&feature.kind, values.get(*at)?) {
        (FeatureKind::Text(texts), Val::Text(text)) => {
            let place = texts.binary_search(text).ok()?;
            i64::try_from(place).ok()
        }
        (_, value) => number(value),
    };
    let last = customer.as_str().bytes().last().unwrap_or(0);
    Features {
        values: features.iter().map(of).collect(),
        converted: values.get(1).and_then(number).is_some_and(|count| count > 0),
        is_held_back: last % 2 == 0,
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
    let mut grades: Vec<RfmGradeResponse> = RFM_GRADES.iter().rev().map(nobody_of).collect();
    for one in &scored {
        note(&mut grades, one.score, one.converted);
    }
    RfmGradesResponse {
        counted,
        without_facts: known.len() - scored.len(),
        grades,
    }
}

const fn nobody_of(grade: &RfmGrade) -> RfmGradeResponse {
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
