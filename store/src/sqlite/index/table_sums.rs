//! Sums over the entries of the index's four tables. The order does not matter, so a sum is updated by an
//! addition, and verified by reading the table in its own order.

use super::super::digest::xxh64;
use super::catch_up::is_damage;
use super::entry::LookupProperty;
use rusqlite::Connection;

/// One sum per table, in the order of `LookupProperty::ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TableSums([u64; 4]);

impl TableSums {
    pub(super) fn from_signed(sums: [i64; 4]) -> Self {
        Self(sums.map(i64::cast_unsigned))
    }

    /// Returns the sums as signed numbers, as SQLite stores them.
    pub(super) fn signed(self) -> [i64; 4] {
        self.0.map(u64::cast_signed)
    }

    /// Adds one entry to the sum of a table: key, position, and for streams the version.
    pub(super) fn add(&mut self, by: LookupProperty, key: i64, position: i64, version: i64) {
        let version = if by == LookupProperty::Stream { version } else { 0 };
        for (table, sum) in LookupProperty::ALL.into_iter().zip(&mut self.0) {
            if table == by {
                *sum = sum.wrapping_add(summed(key, position, version));
            }
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let mut all = self;
        for (sum, more) in all.0.iter_mut().zip(other.0) {
            *sum = sum.wrapping_add(more);
        }
        all
    }

    pub(super) fn of(self, by: LookupProperty) -> u64 {
        let mut all = LookupProperty::ALL.into_iter().zip(self.0);
        all.find(|(table, _)| *table == by).map_or(0, |(_, sum)| sum)
    }

    /// Returns the first of these tables with entries that do not match its sum, or that cannot be read;
    /// `None` if all match.
    pub(super) fn first_wrong(
        self,
        index: &Connection,
        tables: &[LookupProperty],
    ) -> rusqlite::Result<Option<LookupProperty>> {
        for by in tables {
            match of_table(index, *by) {
                Ok(sum) if sum == self.of(*by) => {}
                Err(error) if !is_damage(&error) => return Err(error),
                Ok(_) | Err(_) => return Ok(Some(*by)),
            }
        }
        Ok(None)
    }
}

/// Computes the sum of one table of the index file by a scan: some million entries a second.
fn of_table(index: &Connection, by: LookupProperty) -> rusqlite::Result<u64> {
    let version = if by == LookupProperty::Stream {
        "version"
    } else {
        "0"
    };
    let sql = format!("SELECT key, pos, {version} FROM {}", by.table());
    let mut statement = index.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut sum = 0_u64;
    while let Some(row) = rows.next()? {
        sum = sum.wrapping_add(summed(row.get(0)?, row.get(1)?, row.get(2)?));
    }
    Ok(sum)
}

fn summed(key: i64, position: i64, version: i64) -> u64 {
    let mut bytes = [0; 24];
    let words = [key, position, version].map(i64::to_be_bytes);
    for (to, from) in bytes.iter_mut().zip(words.as_flattened()) {
        *to = *from;
    }
    xxh64(&bytes, 0)
}
