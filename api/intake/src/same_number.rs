//! One phone under two customer ids in a list: both rows are named, whoever is called.
//!
//! Within a file a number is remembered by 12 bytes of its id and the row that had it first: a million have
//! one of them alike by chance in one of 10^17 files. Who is called is not
//! decided here: the number's own stream says it, over all lists of the campaign.

use crate::BAD_ROWS_LISTED_MAX;
use domain::ids::{CustomerId, NumberId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A row whose number another customer has, in this file or in the campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharedRow {
    pub row: u64,
    /// The first row of this file with the same number; absent when another list had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_row: Option<u64>,
    /// Our ids: of this row's customer, and of the one who is called where this one is left out.
    pub customer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// Enrolled and settled at once as `same_number`: never called in this campaign.
    pub left_out: bool,
}

/// The rows of a report, and how many there were in all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharedRows {
    pub count: u64,
    pub left_out: u64,
    /// The first of them, in the order of the file.
    pub rows: Vec<SharedRow>,
}

impl SharedRows {
    pub fn note(&mut self, row: SharedRow) {
        self.count += 1;
        self.left_out += u64::from(row.left_out);
        if self.rows.len() < BAD_ROWS_LISTED_MAX {
            self.rows.push(row);
        }
    }
}

/// What is remembered of an id, which is 128 bits of a keyed hash: nobody chooses whose are alike.
type Mark = [u32; 3];

fn mark(id: &str) -> Option<Mark> {
    let id = u128::from_str_radix(id, 16).ok()?;
    let [.., a, b, c] = [96, 64, 32, 0].map(|shift| u32::try_from((id >> shift) & u128::from(u32::MAX)));
    Some([a.ok()?, b.ok()?, c.ok()?])
}

/// The people of one file, by 12 bytes each.
#[derive(Debug, Default)]
pub struct CustomersSeen {
    ids: BTreeSet<Mark>,
}

impl CustomersSeen {
    /// Whether nobody of this id came before.
    pub fn is_first(&mut self, customer: &CustomerId) -> bool {
        // An id of a customer is 128 bits in hexadecimal digits.
        mark(customer.as_str()).is_some_and(|id| self.ids.insert(id))
    }
}

/// The numbers of one file.
#[derive(Debug, Default)]
pub struct NumbersSeen {
    first_rows: BTreeMap<Mark, u32>,
}

impl NumbersSeen {
    /// The first row that had this number, if it was an earlier one.
    pub fn first_row(&mut self, number: &NumberId, row: u64) -> Option<u64> {
        // An id of a number is 128 bits in hexadecimal digits; a file has fewer rows than u32 counts.
        let key = mark(number.as_str())?;
        let row = u32::try_from(row).ok()?;
        let first = *self.first_rows.entry(key).or_insert(row);
        (first != row).then_some(u64::from(first))
    }
}

/// Where a row stands that may turn out to share its number.
#[derive(Debug, Clone)]
pub struct Sharing {
    pub number: NumberId,
    pub customer: CustomerId,
    pub same_row: Option<u64>,
}

impl Sharing {
    /// The row for the report; `same_as` is given when it was left out.
    pub fn row(&self, row: u64, same_as: Option<&CustomerId>) -> SharedRow {
        SharedRow {
            row,
            same_row: self.same_row,
            customer: self.customer.to_string(),
            same_as: same_as.map(ToString::to_string),
            left_out: same_as.is_some(),
        }
    }
}
