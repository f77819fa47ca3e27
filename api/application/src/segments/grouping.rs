//! Grouping the customers of a segment: groups with a different conversion than the others.

use super::service::{KNOWN_MAX, SegmentAnswer};
use super::visibility::SegmentVisibility;
use super::{SegmentCounted, SegmentRequest, SelectionOptions};
use crate::as_of::replays::LongReadContext;
use crate::installation::Installation;
use domain::attribute::{AttributeType, BuiltInAttribute, CATALOGUE};
use domain::grouping::{Feature, FeatureKind, Features, GroupingLimits, group};
use domain::problem::Problem;
use projections::{CustomerAttributes, Val};
use schemars::JsonSchema;
use serde::Serialize;

/// Most different texts of an attribute for groups to use it. With more, differences would be chance.
const TEXTS_MAX: usize = 16;

/// The attributes that tell whether a customer answered and converted. They precede the features.
const COURSE: [&str; 2] = ["answered_count", "success_count"];

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
    let is_groupable = matches!(
        known.kind,
        AttributeType::Integer | AttributeType::Decimal | AttributeType::Text
    );
    is_groupable && !known.follows_calls
}

pub(super) const fn number(value: &Val) -> Option<i64> {
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
