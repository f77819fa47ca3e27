//! The condition of a parsed segment: comparisons of columns with values of their types.

use super::bound::Bound;
use super::pattern::Pattern;
use crate::attribute::{Attribute, AttributeType, TagLevel};
use std::fmt;

/// A parsed condition of a segment on one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare {
        column: Column,
        operator: Operator,
        value: Bound,
    },
    Between {
        column: Column,
        low: Bound,
        high: Bound,
        negated: bool,
    },
    In {
        column: Column,
        values: Vec<Bound>,
        negated: bool,
    },
    Like {
        column: Column,
        pattern: Pattern,
        negated: bool,
    },
    IsNull {
        column: Column,
        negated: bool,
    },
}

impl Condition {
    /// Appends the columns that the condition tests to `found`, in order of appearance, repeated ones
    /// repeatedly.
    pub(super) fn columns<'a>(&'a self, found: &mut Vec<&'a Column>) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.columns(found);
                right.columns(found);
            }
            Self::Not(inner) => inner.columns(found),
            Self::Compare { column, .. }
            | Self::Between { column, .. }
            | Self::In { column, .. }
            | Self::Like { column, .. }
            | Self::IsNull { column, .. } => found.push(column),
        }
    }
}

/// A column that a condition tests: an attribute, or the tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    Attribute(Attribute),
    /// Tags: of any level, or of one level.
    Tag(Option<TagLevel>),
}

impl Column {
    /// Returns the type of the column's values; tags are texts.
    pub const fn kind(&self) -> AttributeType {
        match self {
            Self::Attribute(attribute) => attribute.kind(),
            Self::Tag(_) => AttributeType::Text,
        }
    }

    /// Returns the tag column with this name, in Chinese or English; `None` if there is none.
    pub(super) fn of_tags(name: &str) -> Option<Self> {
        Some(Self::Tag(match name {
            "tag" | "标签" => None,
            "basic_tag" | "基础标签" => Some(TagLevel::Basic),
            "behavior_tag" | "行为标签" => Some(TagLevel::Behavior),
            "business_tag" | "业务标签" => Some(TagLevel::Business),
            _ => return None,
        }))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Tag(None) => f.write_str("tag"),
            Self::Tag(Some(level)) => write!(f, "{}_tag", level.code()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Returns the operator with the same meaning when its operands are exchanged.
    pub const fn turned(self) -> Self {
        match self {
            Self::Equal => Self::Equal,
            Self::NotEqual => Self::NotEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    /// Returns true for operators that need an order (`<`, `>=`), which texts, tags and Booleans do not
    /// have.
    pub const fn is_of_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// One column of an ORDER BY. Customers without a value come first in ascending and last in descending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortColumn {
    pub attribute: Attribute,
    pub is_descending: bool,
}
