//! Groups of customers with a different conversion rate. Customers are split repeatedly at the value of the
//! feature that separates their conversion best; each group is measured on customers that were held back.
//!
//! The result is a decision tree, not a clustering: each group is described exactly by its conditions and can
//! be queried as a segment. Splits maximize the reduction of the Gini impurity (Breiman et al., 1984, chapter
//! 4).

use super::{Feature, FeatureKind, Features};
use crate::attribute::AttributeValue;

/// The limits of the decision tree by which customers are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupingLimits {
    /// Fewest customers of a group, among those used for learning.
    pub people_min: usize,
    /// Most conditions of a group.
    pub depth_max: usize,
    /// Most groups.
    pub groups_max: usize,
}

impl GroupingLimits {
    /// Returns the limits for a number of customers: groups have at least 30 customers and one percent of
    /// all, because smaller ones are chance.
    pub fn of(people: usize) -> Self {
        Self {
            people_min: 30.max(people / 100),
            depth_max: 5,
            groups_max: 24,
        }
    }
}

/// One condition on a customer's feature, as a group has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupCondition {
    /// The value is known and above the limit.
    Above {
        feature: usize,
        value: i64,
    },
    /// The value is not above the limit, or not known.
    NotAbove {
        feature: usize,
        value: i64,
    },
    Is {
        feature: usize,
        value: i64,
    },
    /// Another value, or not known.
    IsNot {
        feature: usize,
        value: i64,
    },
}

/// A number of customers and of conversions among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversionCounts {
    pub people: usize,
    pub converted: usize,
}

impl ConversionCounts {
    /// Returns the conversions per ten thousand customers, rounded down; 0 without customers.
    pub fn per_ten_thousand(self) -> u64 {
        let (people, converted) = (self.people.max(1) as u64, self.converted as u64);
        converted.saturating_mul(10_000) / people
    }

    const fn of(self, converted: bool) -> Self {
        Self {
            people: self.people + 1,
            converted: self.converted + if converted { 1 } else { 0 },
        }
    }

    /// Returns half the Gini impurity times the number of customers; it is only used to compare splits.
    fn impurity(self) -> f64 {
        let (people, converted) = (as_float(self.people), as_float(self.converted));
        if self.people == 0 {
            return 0.0;
        }
        converted * (people - converted) / people
    }
}

/// A group of customers: its conditions, and how many of them converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerGroup {
    pub conditions: Vec<GroupCondition>,
    /// Counts of the customers used for learning.
    pub learned: ConversionCounts,
    /// Counts of the customers held back: the measured value of the group.
    pub held_back: ConversionCounts,
}

/// All groups, the one with the highest conversion rate first, and the counts over all customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    pub groups: Vec<CustomerGroup>,
    pub all: ConversionCounts,
}

struct Node {
    conditions: Vec<GroupCondition>,
    people: Vec<usize>,
}

struct Split {
    gain: f64,
    yes: GroupCondition,
    no: GroupCondition,
}

/// Groups customers by features that separate their conversion, within the limits. Customers that are held
/// back only measure the groups.
pub fn group(features: &[Feature], rows: &[Features], limits: GroupingLimits) -> Grouping {
    let learned = rows.iter().enumerate().filter(|(_, row)| !row.is_held_back);
    let mut open = vec![Node {
        conditions: Vec::new(),
        people: learned.map(|(at, _)| at).collect(),
    }];
    let mut leaves: Vec<Node> = Vec::new();
    while let Some(node) = open.pop() {
        let may_part =
            node.conditions.len() < limits.depth_max && open.len() + leaves.len() + 2 <= limits.groups_max;
        let split = may_part
            .then(|| best_split(features, rows, &node, limits))
            .flatten();
        match split {
            None => leaves.push(node),
            Some(split) => open.extend(parted(rows, node, split)),
        }
    }
    let mut groups: Vec<CustomerGroup> = leaves.into_iter().map(|leaf| measured(rows, leaf)).collect();
    groups.sort_by(|one, other| {
        let worth = |group: &CustomerGroup| (group.held_back.per_ten_thousand(), group.held_back.people);
        worth(other).cmp(&worth(one))
    });
    Grouping {
        groups,
        all: rows
            .iter()
            .fold(ConversionCounts::default(), |sum, row| sum.of(row.converted)),
    }
}

fn parted(rows: &[Features], node: Node, split: Split) -> [Node; 2] {
    let fits = |at: &usize| rows.get(*at).is_some_and(|row| split.yes.fits(row));
    let (yes, no): (Vec<usize>, Vec<usize>) = node.people.iter().partition(|at| fits(at));
    let with = |condition: GroupCondition| {
        let mut conditions = node.conditions.clone();
        conditions.push(condition);
        conditions
    };
    [
        Node {
            conditions: with(split.no.clone()),
            people: no,
        },
        Node {
            conditions: with(split.yes.clone()),
            people: yes,
        },
    ]
}

fn measured(rows: &[Features], leaf: Node) -> CustomerGroup {
    let fits = |row: &&Features| leaf.conditions.iter().all(|condition| condition.fits(row));
    let held_back = rows.iter().filter(|row| row.is_held_back).filter(fits);
    let sum = |sum: ConversionCounts, row: &Features| sum.of(row.converted);
    let learned = leaf.people.iter().filter_map(|at| rows.get(*at));
    CustomerGroup {
        learned: learned.fold(ConversionCounts::default(), sum),
        held_back: held_back.fold(ConversionCounts::default(), sum),
        conditions: leaf.conditions,
    }
}

impl GroupCondition {
    fn fits(&self, row: &Features) -> bool {
        let of = |feature: usize| row.values.get(feature).copied().flatten();
        match *self {
            Self::Above { feature, value } => of(feature).is_some_and(|known| known > value),
            Self::NotAbove { feature, value } => of(feature).is_none_or(|known| known <= value),
            Self::Is { feature, value } => of(feature) == Some(value),
            Self::IsNot { feature, value } => of(feature) != Some(value),
        }
    }

    /// Returns the condition in segment syntax; `None` if its feature or value does not exist.
    pub fn sql(&self, features: &[Feature]) -> Option<String> {
        let (feature, value) = match self {
            Self::Above { feature, value }
            | Self::NotAbove { feature, value }
            | Self::Is { feature, value }
            | Self::IsNot { feature, value } => (features.get(*feature)?, *value),
        };
        let name = &feature.name;
        let said = match &feature.kind {
            FeatureKind::Integer => value.to_string(),
            FeatureKind::Decimal => AttributeValue::Decimal(value).written(),
            FeatureKind::Text(texts) => {
                let text = texts.get(usize::try_from(value).ok()?)?;
                format!("'{}'", text.replace('\'', "''"))
            }
        };
        Some(match self {
            Self::Above { .. } => format!("{name} > {said}"),
            Self::NotAbove { .. } => format!("({name} <= {said} OR {name} IS NULL)"),
            Self::Is { .. } => format!("{name} = {said}"),
            Self::IsNot { .. } => format!("({name} <> {said} OR {name} IS NULL)"),
        })
    }
}

/// Returns the split of a node that separates conversion best, over all features and values; of equal ones
/// the first. `None` if no split is large and clear enough.
fn best_split(features: &[Feature], rows: &[Features], node: &Node, limits: GroupingLimits) -> Option<Split> {
    let mut all = ConversionCounts::default();
    for row in node.people.iter().filter_map(|at| rows.get(*at)) {
        all = all.of(row.converted);
    }
    // The smallest gain that is not chance: chi-square with one degree of freedom at 0.1 %.
    let gain_min = 10.8 * all.impurity() / as_float(all.people.max(1));
    let mut best: Option<Split> = None;
    for (feature, described) in features.iter().enumerate() {
        for (at, yes) in candidates(feature, described, rows, node) {
            let no = ConversionCounts {
                people: all.people - yes.people,
                converted: all.converted - yes.converted,
            };
            if yes.people < limits.people_min || no.people < limits.people_min {
                continue;
            }
            let gain = all.impurity() - yes.impurity() - no.impurity();
            if gain > gain_min && best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(split(feature, described, at, gain));
            }
        }
    }
    best
}

const fn split(feature: usize, described: &Feature, value: i64, gain: f64) -> Split {
    let (yes, no) = match described.kind {
        FeatureKind::Text(_) => (
            GroupCondition::Is { feature, value },
            GroupCondition::IsNot { feature, value },
        ),
        FeatureKind::Integer | FeatureKind::Decimal => (
            GroupCondition::Above { feature, value },
            GroupCondition::NotAbove { feature, value },
        ),
    };
    Split { gain, yes, no }
}

/// Returns the values of a feature at which the customers of a node can be split, with the counts on the
/// yes side.
fn candidates(
    feature: usize,
    described: &Feature,
    rows: &[Features],
    node: &Node,
) -> Vec<(i64, ConversionCounts)> {
    let of = |at: &usize| {
        let row = rows.get(*at)?;
        let value = row.values.get(feature).copied().flatten()?;
        Some((value, row.converted))
    };
    let mut known: Vec<(i64, bool)> = node.people.iter().filter_map(of).collect();
    known.sort_unstable();
    let mut steps: Vec<(i64, ConversionCounts)> = Vec::new();
    for (value, converted) in known {
        match steps.last_mut() {
            Some((last, sum)) if *last == value => *sum = sum.of(converted),
            _ => steps.push((value, ConversionCounts::default().of(converted))),
        }
    }
    if matches!(described.kind, FeatureKind::Text(_)) {
        return steps;
    }
    // From the highest value down: the customers above a value.
    let mut over = ConversionCounts::default();
    let mut above = Vec::with_capacity(steps.len());
    for (value, sum) in steps.into_iter().rev() {
        above.push((value, over));
        over = ConversionCounts {
            people: over.people + sum.people,
            converted: over.converted + sum.converted,
        };
    }
    above
}

#[expect(clippy::cast_precision_loss, reason = "counts of people, far below 2^53")]
const fn as_float(count: usize) -> f64 {
    count as f64
}
