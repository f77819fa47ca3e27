//! Groups that convert unlike the rest: people are parted again and again at the value of one feature that
//! tells their conversion apart best, and each part is measured on people who were held back.
//!
//! A tree of conditions and not distances: the group is described by what made it, exactly, and can be
//! asked as a segment. Splits are chosen by what they take from the Gini impurity (Breiman et al., 1984,
//! chapter 4).

use super::{Feature, FeatureKind, Features};
use crate::attribute::AttributeValue;

/// How far people are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupingLimits {
    /// Fewest people of a group, of those who are learned from.
    pub people_min: usize,
    /// Most conditions of a group.
    pub depth_max: usize,
    /// Most groups.
    pub groups_max: usize,
}

impl GroupingLimits {
    /// Groups of at least 30, and of one in a hundred: smaller ones are chance.
    pub fn of(people: usize) -> Self {
        Self {
            people_min: 30.max(people / 100),
            depth_max: 5,
            groups_max: 24,
        }
    }
}

/// One condition of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupCondition {
    /// Known, and above the value.
    Above {
        feature: usize,
        value: i64,
    },
    /// Not above the value, or not known.
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

/// Some people and how many of them converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    pub people: usize,
    pub converted: usize,
}

impl Measured {
    /// Per ten thousand, rounded down.
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

    /// Twice the people times the Gini impurity, in halves: a float of counts, for comparing splits alone.
    fn impurity(self) -> f64 {
        let (people, converted) = (as_float(self.people), as_float(self.converted));
        if self.people == 0 {
            return 0.0;
        }
        converted * (people - converted) / people
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub conditions: Vec<GroupCondition>,
    /// Of those who were learned from.
    pub learned: Measured,
    /// Of those who were held back: what it is worth.
    pub held_back: Measured,
}

/// All groups, the one that converts best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    pub groups: Vec<Group>,
    pub all: Measured,
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

/// Parts people by their features.
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
    let mut groups: Vec<Group> = leaves.into_iter().map(|leaf| measured(rows, leaf)).collect();
    groups.sort_by(|one, other| {
        let worth = |group: &Group| (group.held_back.per_ten_thousand(), group.held_back.people);
        worth(other).cmp(&worth(one))
    });
    Grouping {
        groups,
        all: rows
            .iter()
            .fold(Measured::default(), |sum, row| sum.of(row.converted)),
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

fn measured(rows: &[Features], leaf: Node) -> Group {
    let fits = |row: &&Features| leaf.conditions.iter().all(|condition| condition.fits(row));
    let held_back = rows.iter().filter(|row| row.is_held_back).filter(fits);
    let sum = |sum: Measured, row: &Features| sum.of(row.converted);
    let learned = leaf.people.iter().filter_map(|at| rows.get(*at));
    Group {
        learned: learned.fold(Measured::default(), sum),
        held_back: held_back.fold(Measured::default(), sum),
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

    /// In the words of a segment; `None` of a feature that there is not.
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

/// The split that tells conversion apart best, of all features and values; the first of equals.
fn best_split(features: &[Feature], rows: &[Features], node: &Node, limits: GroupingLimits) -> Option<Split> {
    let mut all = Measured::default();
    for row in node.people.iter().filter_map(|at| rows.get(*at)) {
        all = all.of(row.converted);
    }
    // Less than what chance alone would tell apart is none: chi-square of one degree at 0.1 %.
    let gain_min = 10.8 * all.impurity() / as_float(all.people.max(1));
    let mut best: Option<Split> = None;
    for (feature, described) in features.iter().enumerate() {
        for (at, yes) in candidates(feature, described, rows, node) {
            let no = Measured {
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

/// Values at which the people of a node may be parted, and who is on the yes side.
fn candidates(feature: usize, described: &Feature, rows: &[Features], node: &Node) -> Vec<(i64, Measured)> {
    let of = |at: &usize| {
        let row = rows.get(*at)?;
        let value = row.values.get(feature).copied().flatten()?;
        Some((value, row.converted))
    };
    let mut known: Vec<(i64, bool)> = node.people.iter().filter_map(of).collect();
    known.sort_unstable();
    let mut steps: Vec<(i64, Measured)> = Vec::new();
    for (value, converted) in known {
        match steps.last_mut() {
            Some((last, sum)) if *last == value => *sum = sum.of(converted),
            _ => steps.push((value, Measured::default().of(converted))),
        }
    }
    if matches!(described.kind, FeatureKind::Text(_)) {
        return steps;
    }
    // From above: who is over a value.
    let mut over = Measured::default();
    let mut above = Vec::with_capacity(steps.len());
    for (value, sum) in steps.into_iter().rev() {
        above.push((value, over));
        over = Measured {
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
