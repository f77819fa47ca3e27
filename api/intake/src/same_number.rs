//! The same number under two customer ids in a list: both rows are reported, whichever of them is called.
//!
//! Within a file, a number is remembered by 76 bits of its id and the row that had it first. The chance
//! that two in a million have the same bits is one in 10^11 files. Which customer is called is not decided
//! here, but in the number's own stream, over all lists of the campaign.

use crate::BAD_ROWS_LISTED_MAX;
use domain::ids::{CustomerId, NumberId};
use serde::{Deserialize, Serialize};

/// A row with the number of another customer, in this file or in the campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharedRow {
    pub row: u64,
    /// The first row of this file with the same number; absent if the number is from another list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_row: Option<u64>,
    /// Our customer ids: of this row, and of the customer who is called instead if this row is left out.
    pub customer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// True if it is enrolled and settled at once as `same_number`. It is never called in this campaign.
    pub left_out: bool,
}

/// The rows of a report, and their total number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SharedRows {
    pub count: u64,
    pub left_out: u64,
    /// The first of them, in file order.
    pub rows: Vec<SharedRow>,
}

impl SharedRows {
    /// Adds a row to the counts, and to the list if that has fewer than `BAD_ROWS_LISTED_MAX`.
    pub fn note(&mut self, row: SharedRow) {
        self.count += 1;
        self.left_out += u64::from(row.left_out);
        if self.rows.len() < BAD_ROWS_LISTED_MAX {
            self.rows.push(row);
        }
    }
}

/// The last 76 bits of an id, which has 128 bits of a keyed hash (so collisions cannot be chosen): the
/// bucket and the entry in it.
type Mark = [u16; 4];

/// Number of buckets, a power of two. With a million ids, each bucket has about 250 entries.
const BUCKETS: usize = 1 << 12;

fn mark(id: &str) -> Option<(usize, Mark)> {
    let id = u128::from_str_radix(id, 16).ok()?;
    let sixteen = |shift: u32| u16::try_from((id >> shift) & u128::from(u16::MAX)).ok();
    let bucket = usize::from(sixteen(64)?) % BUCKETS;
    let [a, b, c, d] = [48, 32, 16, 0].map(sixteen);
    Some((bucket, [a?, b?, c?, d?]))
}

/// A map from ids to values, in sorted buckets that are hardly larger than their content. For a million
/// ids, a tree needs a third more memory, and a hash table that has just grown more than twice as much.
#[derive(Debug)]
struct Marks<V> {
    buckets: Vec<Vec<(Mark, V)>>,
}

impl<V> Default for Marks<V> {
    fn default() -> Self {
        let buckets = (0..BUCKETS).map(|_| Vec::new()).collect();
        Self { buckets }
    }
}

impl<V: Copy> Marks<V> {
    /// Returns the value that the id already has; otherwise stores `value` and returns `Now`. `None` if the
    /// text is not a 128-bit id.
    fn first(&mut self, id: &str, value: V) -> Option<Occurrence<V>> {
        let (bucket, mark) = mark(id)?;
        let bucket = self.buckets.get_mut(bucket)?;
        match bucket.binary_search_by_key(&mark, |(known, _)| *known) {
            Ok(at) => bucket.get(at).map(|(_, known)| Occurrence::Known(*known)),
            Err(at) => {
                if bucket.len() == bucket.capacity() {
                    bucket.reserve_exact(4 + bucket.len() / 8);
                }
                bucket.insert(at, (mark, value));
                Some(Occurrence::Now)
            }
        }
    }
}

/// Whether an id occurs for the first time.
enum Occurrence<V> {
    Now,
    Known(V),
}

/// The customers of one file that were read so far, with 8 bytes each.
#[derive(Debug, Default)]
pub struct CustomersSeen {
    ids: Marks<()>,
}

impl CustomersSeen {
    /// Returns true at the first call with this id, and false afterwards.
    pub fn is_first(&mut self, customer: &CustomerId) -> bool {
        // A customer id is 128 bits as hexadecimal digits.
        matches!(self.ids.first(customer.as_str(), ()), Some(Occurrence::Now))
    }
}

/// The numbers of one file that were read so far, with the first row of each: 12 bytes per number.
#[derive(Debug, Default)]
pub struct NumbersSeen {
    first_rows: Marks<u32>,
}

impl NumbersSeen {
    /// Returns the earlier row with this number; `None` if `row` is its first, and then remembers it.
    pub fn first_row(&mut self, number: &NumberId, row: u64) -> Option<u64> {
        // A file has fewer rows than the maximum of u32.
        let row = u32::try_from(row).ok()?;
        match self.first_rows.first(number.as_str(), row)? {
            Occurrence::Known(first) => (first != row).then_some(u64::from(first)),
            Occurrence::Now => None,
        }
    }
}

/// A row's number and customer, for the check whether the campaign already has this number.
#[derive(Debug, Clone)]
pub struct SharedNumberRow {
    pub number: NumberId,
    pub customer: CustomerId,
    pub same_row: Option<u64>,
}

impl SharedNumberRow {
    /// Returns the row as the report lists it. `same_as`: the customer who is called instead; given if this
    /// row was left out.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an id like that of a keyed hash. Every fifth is repeated.
    fn id(row: u64) -> String {
        let mixed = u128::from(row - row / 5 % 3).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        format!("{mixed:032x}")
    }

    #[test]
    fn only_the_same_people_and_numbers_are_recognized() {
        let (mut customers, mut numbers) = (CustomersSeen::default(), NumbersSeen::default());
        let mut first_rows = std::collections::HashMap::new();
        for row in 1..200_000_u64 {
            let first = *first_rows.entry(id(row)).or_insert(row);
            let (customer, number) = (id(row).parse().unwrap(), id(row).parse().unwrap());
            assert_eq!(customers.is_first(&customer), first == row, "row {row}");
            let expected = (first != row).then_some(first);
            assert_eq!(numbers.first_row(&number, row), expected, "row {row}");
        }
        assert!(first_rows.len() < 190_000, "some came again");
    }

    #[test]
    fn a_bucket_is_hardly_larger_than_what_it_holds() {
        let mut marks = Marks::<()>::default();
        for row in 1..1_000_000_u64 {
            let id = u128::from(row).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            assert!(marks.first(&format!("{id:032x}"), ()).is_some());
        }
        let room: usize = marks.buckets.iter().map(Vec::capacity).sum();
        assert!(room * size_of::<(Mark, ())>() < 9_200_000, "{room} places");
    }

    #[test]
    fn rows_beyond_sixteen_bits_are_numbered() {
        let mut numbers = NumbersSeen::default();
        let number: NumberId = id(7).parse().unwrap();
        assert_eq!(numbers.first_row(&number, 0x000F_4241), None);
        assert_eq!(numbers.first_row(&number, 0x000F_4242), Some(0x000F_4241));
        assert_eq!(
            numbers.first_row(&number, 0x000F_4241),
            None,
            "the same row again"
        );
    }
}
