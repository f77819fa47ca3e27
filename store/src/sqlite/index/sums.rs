//! Whether the file of the index says what the log's rows say: by sums over all entries, which do not depend
//! on their order, so that each is read once and in its own order.

use super::super::digest::xxh64;
use super::entry::{By, Entry};
use super::file::{self, INDEX_FILE};
use super::making::{is_damage, is_of};
use domain::stored_event::Position;
use rusqlite::Connection;
use std::path::Path;

/// The file of an index as it was at one moment, and the sums of the rows that it should know of.
pub(in crate::sqlite) struct Sums {
    index: Connection,
    reached: Position,
    of_rows: [u64; 4],
}

impl Sums {
    /// `None` where there is no file that a reader would go by.
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
            of_rows: [0; 4],
        }))
    }

    /// Adds what the index should know of one row.
    pub(in crate::sqlite) fn add(&mut self, entry: &Entry) {
        if entry.position > self.reached {
            return;
        }
        for (by, sum) in By::ALL.into_iter().zip(&mut self.of_rows) {
            if let Some(key) = entry.key(by) {
                let version = if by == By::Stream { entry.version } else { 0 };
                *sum = sum.wrapping_add(summed(
                    key.signed(),
                    entry.position.0.cast_signed(),
                    version.cast_signed(),
                ));
            }
        }
    }

    /// The table whose entries are not those of the rows that were added, or cannot be read.
    pub(in crate::sqlite) fn wrong_table(&self) -> rusqlite::Result<Option<&'static str>> {
        for (by, of_rows) in By::ALL.into_iter().zip(self.of_rows) {
            match self.of_table(by) {
                Ok(of_table) if of_table == of_rows => {}
                Err(error) if !is_damage(&error) => return Err(error),
                Ok(_) | Err(_) => return Ok(Some(by.table())),
            }
        }
        Ok(None)
    }

    fn of_table(&self, by: By) -> rusqlite::Result<u64> {
        let version = if by == By::Stream { "version" } else { "0" };
        let sql = format!("SELECT key, pos, {version} FROM {}", by.table());
        let mut statement = self.index.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut sum = 0_u64;
        while let Some(row) = rows.next()? {
            sum = sum.wrapping_add(summed(row.get(0)?, row.get(1)?, row.get(2)?));
        }
        Ok(sum)
    }
}

fn summed(key: i64, position: i64, version: i64) -> u64 {
    let mut bytes = [0; 24];
    let words = [key, position, version].map(i64::to_be_bytes);
    for (to, from) in bytes.iter_mut().zip(words.as_flattened()) {
        *to = *from;
    }
    xxh64(&bytes, 0)
}
