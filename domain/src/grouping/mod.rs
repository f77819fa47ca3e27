//! Customers put together by what they have in common: grades by recency, frequency and money, and groups
//! that convert unlike the rest.
//!
//! Pure: rows come in as numbers, groups come out with the conditions that set them apart, in the words of a
//! segment. The same rows make the same groups.

mod conversion;
mod rfm;

#[cfg(test)]
mod tests;

pub use conversion::{Group, GroupCondition, Grouping, GroupingLimits, Measured, group};
pub use rfm::{RFM_GRADES, RfmFacts, RfmGrade, RfmLimits, RfmScore, grades_by_quantiles, grades_by_rules};

use serde::Serialize;

/// What is known of one person, by feature; `None` where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    pub values: Vec<Option<i64>>,
    pub converted: bool,
    /// Learned from, or held back to be measured on.
    pub is_held_back: bool,
}

/// A column of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// As a segment names it.
    pub name: String,
    pub kind: FeatureKind,
}

/// How its numbers are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    Integer,
    /// In ten-thousandths.
    Decimal,
    /// The numbers are places in this list.
    Text(Vec<String>),
}
