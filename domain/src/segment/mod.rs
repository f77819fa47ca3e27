//! A segment: which customers, in the words of SQL (CUS-5), read, type-checked, and answered for one person.
//!
//! `SELECT * FROM customers WHERE …` over attributes and tags, with AND, OR, NOT, comparisons, BETWEEN, IN,
//! LIKE, IS NULL, NOW(), CURDATE() and DATE_SUB/DATE_ADD, ORDER BY and LIMIT: what is not known to be
//! harmless is refused, with its place and what may stand there. A segment that was read answers of every
//! person yes, no or unknown, as SQL does: texts are alike without regard to case, `tag` is true of a person
//! of whom one tag fits. The database asks the same question in its own words
//! (`projections/src/segments/`); both answers are held to one another.

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
pub use condition::{Column, Condition, Operator, Ordering};
pub use fault::{FaultKind, SegmentFault};
pub use pattern::Pattern;

use crate::attribute::Attribute;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Longest segment as it is written.
pub const SEGMENT_BYTES_MAX: usize = 8 * 1_024;

/// Most comparisons in one: each is asked of every person.
pub const COMPARISONS_MAX: usize = 100;

/// Most values of one IN.
pub const IN_VALUES_MAX: usize = 500;

/// Most columns of an ORDER BY.
pub const ORDERINGS_MAX: usize = 8;

/// What a condition alone is read behind.
const BEFORE_CONDITION: &str = "SELECT * FROM customers WHERE ";

/// Most people that a LIMIT may name: beyond it none is needed.
pub const LIMIT_MAX: u64 = 10_000_000;

/// A segment that was read and may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    text: String,
    said: Option<String>,
    pub(crate) condition: Option<Condition>,
    pub(crate) order: Vec<Ordering>,
    pub(crate) limit: Option<u64>,
}

impl Segment {
    /// Reads and checks it.
    pub fn read(text: &str) -> Result<Self, SegmentFault> {
        outline::read(text)
    }

    /// Reads what stands behind WHERE alone: a condition that is asked of one person.
    pub fn of_condition(text: &str) -> Result<Self, SegmentFault> {
        let read = outline::read(&format!("{BEFORE_CONDITION}{text}"));
        let segment = read.map_err(|fault| fault.moved_left(BEFORE_CONDITION.len()))?;
        match segment.order.is_empty() && segment.limit.is_none() {
            true => Ok(segment),
            false => Err(SegmentFault::more_than_a_condition()),
        }
    }

    /// Every column that it asks of, in its order.
    pub fn columns(&self) -> Vec<&Column> {
        let mut columns = Vec::new();
        self.condition
            .iter()
            .for_each(|condition| condition.columns(&mut columns));
        columns
    }

    /// The columns that are sealed in the log: attributes and tags that a list or a person's record says.
    /// What follows from calls is not sealed.
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

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its condition alone, to be joined with others; `None` where everybody is meant.
    pub fn condition_text(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// SHA-256 of what was written, lower hex.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.text.as_bytes()))
    }

    /// `None` where everybody is meant.
    pub const fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }

    pub fn order(&self) -> &[Ordering] {
        &self.order
    }

    pub const fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Attributes beside the named ones: somebody must have them, or the name is a slip of the pen.
    pub fn further(&self) -> BTreeSet<String> {
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

/// SHA-256 over ids in their order, one a line: what shows that two answers name the same people.
pub fn members_digest<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut sum = Sha256::new();
    for id in ids {
        sum.update(id.as_bytes());
        sum.update(b"\n");
    }
    hex(&sum.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
