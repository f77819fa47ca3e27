//! Compares the index file with the log's rows, by sums over all entries. The sums do not depend on the
//! order, so each side is read once and in its own order.

use super::catch_up::{is_damage, is_of};
use super::entry::{Entry, LookupProperty};
use super::file::{self, INDEX_FILE};
use super::table_sums::TableSums;
use domain::stored_event::Position;
use rusqlite::Connection;
use std::path::Path;

/// A snapshot of an index file, and the sums of the log's rows that the index should contain.
pub(in crate::sqlite) struct IndexSums {
    index: Connection,
    reached: Position,
    of_rows: TableSums,
}

impl IndexSums {
    /// Opens the index of the log in `dir` for a comparison. `None` if there is no index file that a reader
    /// would use.
    pub(in crate::sqlite) fn begin(log: &Connection, dir: &Path) -> rusqlite::Result<Option<Self>> {
        let path = dir.join(INDEX_FILE);
        if !path.exists() {
            return Ok(None);
        }
        match Self::of(log, &path) {
            Err(error) if is_damage(&error) => Ok(None),
            other => other,
        }
    }

    fn of(log: &Connection, path: &Path) -> rusqlite::Result<Option<Self>> {
        let index = file::open_reader(path)?;
        index.execute_batch("BEGIN")?;
        if !file::is_current(&index)? || !is_of(log, &index)? {
            return Ok(None);
        }
        let (reached, _) = file::reached(&index)?;
        Ok(Some(Self {
            index,
            reached,
            of_rows: TableSums::default(),
        }))
    }

    /// Adds the entry of one row of the log to the sums, if the index should contain it already.
    pub(in crate::sqlite) fn add(&mut self, entry: &Entry) {
        if entry.position > self.reached {
            return;
        }
        for by in LookupProperty::ALL {
            if let Some(key) = entry.key(by) {
                let place = (key.signed(), entry.position.0.cast_signed());
                self.of_rows
                    .add(by, place.0, place.1, entry.version.cast_signed());
            }
        }
    }

    /// Returns the name of the first index table with entries that differ from the rows added, or that
    /// cannot be read; `made` if only the recorded sums differ. `None` if all agree.
    pub(in crate::sqlite) fn wrong_table(&self) -> rusqlite::Result<Option<&'static str>> {
        let wrong = self.of_rows.first_wrong(&self.index, &LookupProperty::ALL)?;
        if wrong.is_none() && file::kept_sums(&self.index)? != self.of_rows {
            return Ok(Some("made"));
        }
        Ok(wrong.map(LookupProperty::table))
    }
}
