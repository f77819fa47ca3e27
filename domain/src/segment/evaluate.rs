//! The evaluation of a segment for one customer: yes, no, or unknown if a value is missing.

use super::condition::{Column, Condition, Operator};
use super::{Bound, Segment};
use crate::attribute::{AttributeValue, TagLevel, normalize_text};
use crate::customer::Profile;
use crate::time::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeSet;

impl Segment {
    /// Returns true if the customer belongs to the segment at `now`, whatever its LIMIT. Unknown counts as
    /// no. Erased and unregistered customers never belong.
    pub fn holds(&self, profile: &Profile, now: Timestamp) -> bool {
        let is_meant = |condition: &Condition| condition.of(profile, now) == Some(true);
        profile.is_active() && self.condition().is_none_or(is_meant)
    }

    /// Returns the result of the segment's condition for a customer; `None` if it depends on a value that
    /// is not known. True without a condition.
    pub fn answer(&self, profile: &Profile, now: Timestamp) -> Option<bool> {
        let condition = self.condition();
        condition.map_or(Some(true), |condition| condition.of(profile, now))
    }

    /// Returns those tags of the customer that the condition compares; other tags do not affect the result.
    pub fn counting_tags(&self, profile: &Profile, now: Timestamp) -> BTreeSet<(TagLevel, String)> {
        let mut found = BTreeSet::new();
        let condition = self.condition();
        condition
            .into_iter()
            .for_each(|condition| condition.counting_tags(profile, now, &mut found));
        found
    }
}

impl Condition {
    fn counting_tags(&self, profile: &Profile, now: Timestamp, found: &mut BTreeSet<(TagLevel, String)>) {
        let mut keep = |level: Option<TagLevel>, fits: &dyn Fn(&str) -> bool| {
            let tags = profile.tags().iter();
            let fitting = tags.filter(|(of, tag)| level.is_none_or(|level| level == *of) && fits(tag));
            found.extend(fitting.cloned());
        };
        match self {
            Self::And(one, other) | Self::Or(one, other) => {
                one.counting_tags(profile, now, found);
                other.counting_tags(profile, now, found);
            }
            Self::Not(inner) => inner.counting_tags(profile, now, found),
            Self::Compare {
                column: Column::Tag(level),
                value,
                ..
            } => keep(*level, &|tag| is_same(tag, &value.at(now))),
            Self::In {
                column: Column::Tag(level),
                values,
                ..
            } => keep(*level, &|tag| {
                values.iter().any(|value| is_same(tag, &value.at(now)))
            }),
            Self::Like {
                column: Column::Tag(level),
                pattern,
                ..
            } => keep(*level, &|tag| pattern.fits(&normalize_text(tag))),
            Self::IsNull {
                column: Column::Tag(level),
                ..
            } => {
                let mut tags = profile.tags().iter();
                let one = tags.find(|(of, _)| level.is_none_or(|level| level == *of));
                found.extend(one.cloned());
            }
            Self::Compare { .. }
            | Self::In { .. }
            | Self::Like { .. }
            | Self::IsNull { .. }
            | Self::Between { .. } => {}
        }
    }

    /// Returns the result of the condition for a customer; `None` is SQL's unknown.
    fn of(&self, profile: &Profile, now: Timestamp) -> Option<bool> {
        match self {
            Self::And(one, other) => both(one.of(profile, now), other.of(profile, now)),
            Self::Or(one, other) => {
                let (one, other) = (one.of(profile, now), other.of(profile, now));
                both(one.map(|is| !is), other.map(|is| !is)).map(|is| !is)
            }
            Self::Not(inner) => inner.of(profile, now).map(|is| !is),
            Self::Compare {
                column,
                operator,
                value,
            } => match column {
                Column::Tag(level) => {
                    let has = has_tag(profile, *level, |tag| is_same(tag, &value.at(now)));
                    Some(has == (*operator == Operator::Equal))
                }
                Column::Attribute(attribute) => {
                    let order = compared(profile.value(attribute)?, &value.at(now))?;
                    Some(operator.is_met_by(order))
                }
            },
            Self::Between {
                column,
                low,
                high,
                negated,
            } => {
                let Column::Attribute(attribute) = column else {
                    return None;
                };
                let value = profile.value(attribute)?;
                let is_above = compared(value, &low.at(now))?.is_ge();
                let is_below = compared(value, &high.at(now))?.is_le();
                Some((is_above && is_below) != *negated)
            }
            Self::In {
                column,
                values,
                negated,
            } => of_many(profile, column, values, now).map(|is| is != *negated),
            Self::Like {
                column,
                pattern,
                negated,
            } => match column {
                Column::Tag(level) => {
                    let has = has_tag(profile, *level, |tag| pattern.fits(&normalize_text(tag)));
                    Some(has != *negated)
                }
                Column::Attribute(attribute) => {
                    let AttributeValue::Text(text) = profile.value(attribute)? else {
                        return None;
                    };
                    Some(pattern.fits(&normalize_text(text)) != *negated)
                }
            },
            Self::IsNull { column, negated } => {
                let is_null = match column {
                    Column::Tag(level) => !has_tag(profile, *level, |_| true),
                    Column::Attribute(attribute) => profile.value(attribute).is_none(),
                };
                Some(is_null != *negated)
            }
        }
    }
}

impl Operator {
    const fn is_met_by(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn of_many(profile: &Profile, column: &Column, values: &[Bound], now: Timestamp) -> Option<bool> {
    match column {
        Column::Tag(level) => Some(has_tag(profile, *level, |tag| {
            values.iter().any(|value| is_same(tag, &value.at(now)))
        })),
        Column::Attribute(attribute) => {
            let known = profile.value(attribute)?;
            let is_one = |value: &Bound| compared(known, &value.at(now)).is_some_and(Ordering::is_eq);
            Some(values.iter().any(is_one))
        }
    }
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

fn has_tag(profile: &Profile, level: Option<TagLevel>, fits: impl Fn(&str) -> bool) -> bool {
    let mut tags = profile.tags().iter();
    tags.any(|(of, tag)| level.is_none_or(|level| level == *of) && fits(tag))
}

fn is_same(tag: &str, value: &AttributeValue) -> bool {
    matches!(value, AttributeValue::Text(text) if normalize_text(tag) == normalize_text(text))
}

/// Returns the order of two values; texts without regard to case. `None` if their types differ.
fn compared(one: &AttributeValue, other: &AttributeValue) -> Option<Ordering> {
    if let (AttributeValue::Text(one), AttributeValue::Text(other)) = (one, other) {
        return Some(normalize_text(one).cmp(&normalize_text(other)));
    }
    match one.kind() == other.kind() {
        true => Some(one.ordered()?.cmp(&other.ordered()?)),
        false => None,
    }
}
