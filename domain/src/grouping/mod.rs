//! Groups of customers by common properties: grades by recency, frequency and money, and groups with a
//! different conversion rate.
//!
//! Pure: rows are numbers, results are groups with their conditions in segment syntax. The same rows give the
//! same groups.

mod conversion;
mod rfm;

#[cfg(test)]
mod tests;

pub use conversion::{ConversionCounts, CustomerGroup, GroupCondition, Grouping, GroupingLimits, group};
pub use rfm::{RFM_GRADES, RfmFacts, RfmGrade, RfmLimits, RfmScore, grades_by_quantiles, grades_by_rules};

use serde::Serialize;

/// The features of one customer; `None` for an unknown value.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    pub values: Vec<Option<i64>>,
    pub converted: bool,
    /// True if the row is held back for measuring, false if it is used for learning.
    pub is_held_back: bool,
}

/// A column of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// The name in segment syntax.
    pub name: String,
    pub kind: FeatureKind,
}

/// How the numbers of a feature are interpreted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    Integer,
    /// In ten-thousandths.
    Decimal,
    /// The numbers are indexes into this list.
    Text(Vec<String>),
}
