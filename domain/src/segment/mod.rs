//! Segments: conditions in SQL syntax that select customers (CUS-5), parsed, type-checked and evaluated for
//! one customer.
//!
//! `SELECT * FROM customers WHERE …` over attributes and tags, with AND, OR, NOT, comparisons, BETWEEN, IN,
//! LIKE, IS NULL, NOW(), CURDATE() and DATE_SUB/DATE_ADD, ORDER BY and LIMIT. Anything else is refused, with
//! its position and the permitted alternatives. A segment gives yes, no or unknown for each customer, as SQL
//! does. Texts are compared without case; a condition on `tag` is true if one of the customer's tags fits.
//! The database evaluates the same segment in `projections/src/segments/`; tests compare both results.

mod bound;
mod condition;
mod evaluate;
mod fault;
mod operand;
mod outline;
mod pattern;
mod predicate;

#[cfg(test)]
mod tests;

pub use bound::Bound;
pub use condition::{Column, Condition, Operator, SortColumn};
pub use fault::{FaultKind, SegmentFault};
pub use pattern::Pattern;

use crate::attribute::Attribute;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use values::hex;

/// Longest segment text, in bytes.
pub const SEGMENT_BYTES_MAX: usize = 8 * 1_024;

/// Most comparisons of one segment. Each is evaluated for every customer.
pub const COMPARISONS_MAX: usize = 100;

/// Most values of one IN.
pub const IN_VALUES_MAX: usize = 500;

/// Most columns of an ORDER BY.
pub const ORDERINGS_MAX: usize = 8;

/// The prefix before a condition that is parsed alone.
const BEFORE_CONDITION: &str = "SELECT * FROM customers WHERE ";

/// Largest LIMIT, in customers. Above it no limit is needed.
pub const LIMIT_MAX: u64 = 10_000_000;

/// A parsed and checked segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    text: String,
    said: Option<String>,
    pub(crate) condition: Option<Condition>,
    pub(crate) order: Vec<SortColumn>,
    pub(crate) limit: Option<u64>,
}

impl Segment {
    /// Parses and checks a segment.
    pub fn read(text: &str) -> Result<Self, SegmentFault> {
        outline::read(text)
    }

    /// Parses a condition alone (the part after WHERE), for the evaluation of one customer. ORDER BY and
    /// LIMIT are refused.
    pub fn of_condition(text: &str) -> Result<Self, SegmentFault> {
        let read = outline::read(&format!("{BEFORE_CONDITION}{text}"));
        let segment = read.map_err(|fault| fault.moved_left(BEFORE_CONDITION.len()))?;
        match segment.order.is_empty() && segment.limit.is_none() {
            true => Ok(segment),
            false => Err(SegmentFault::more_than_a_condition()),
        }
    }

    /// Returns the columns of the condition, in order of appearance.
    pub fn columns(&self) -> Vec<&Column> {
        let mut columns = Vec::new();
        self.condition
            .iter()
            .for_each(|condition| condition.columns(&mut columns));
        columns
    }

    /// Returns the names of columns that are sealed in the log: attributes and tags from lists or customer
    /// records. Attributes that follow from calls are not sealed.
    pub fn sealed_columns(&self) -> BTreeSet<String> {
        let asked = self.columns().into_iter().filter(|column| match column {
            Column::Attribute(attribute) => is_sealed(attribute),
            Column::Tag(_) => true,
        });
        let asked = asked.map(ToString::to_string);
        let ordered = self.order.iter().map(|by| &by.attribute);
        let ordered = ordered.filter(|attribute| is_sealed(attribute));
        asked.chain(ordered.map(ToString::to_string)).collect()
    }

    /// Returns the segment's text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of the condition, to be combined with others; `None` if every customer is selected.
    pub fn condition_text(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// Returns the SHA-256 of the text, in lower-case hex.
    pub fn digest(&self) -> String {
        hex::encode(&Sha256::digest(self.text.as_bytes()))
    }

    /// Returns the condition; `None` if every customer is selected.
    pub const fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }

    pub fn order(&self) -> &[SortColumn] {
        &self.order
    }

    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Returns the attributes besides the built-in ones. If no customer has one, its name is probably a
    /// typing error.
    pub fn list_custom_attributes(&self) -> BTreeSet<String> {
        let asked = self.columns().into_iter().filter_map(|column| match column {
            Column::Attribute(attribute) => Some(attribute),
            Column::Tag(_) => None,
        });
        let ordered = self.order.iter().map(|by| &by.attribute);
        let further = asked.chain(ordered).filter(|one| one.known().is_none());
        further.map(|one| one.name().to_owned()).collect()
    }
}

fn is_sealed(attribute: &Attribute) -> bool {
    !attribute.known().is_some_and(|known| known.follows_calls)
}

/// Returns the SHA-256 of ids in the given order, one per line. Equal digests prove that two results have the
/// same customers.
pub fn members_digest<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut sum = Sha256::new();
    for id in ids {
        sum.update(id.as_bytes());
        sum.update(b"\n");
    }
    hex::encode(&sum.finalize())
}
