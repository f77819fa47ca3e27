//! A baseline: SQLite with the store's own settings and the smallest table that is still a log of streams.

use super::{Batch, YardstickError};
use crate::durable_file::{self, Schema, Writers};
use domain::stored_event::{Record, StreamVersion};
use rusqlite::{Connection, params};
use std::path::Path;

/// The table: position, stream, version, kind and record; no id, digest or scope.
const SCHEMA: Schema = Schema {
    sql: "CREATE TABLE schema_version (
            one     INTEGER PRIMARY KEY CHECK (one = 1),
            version INTEGER NOT NULL
          ) STRICT;
          CREATE TABLE event (
            pos     INTEGER PRIMARY KEY,
            stream  TEXT    NOT NULL,
            version INTEGER NOT NULL,
            kind    TEXT    NOT NULL,
            record  BLOB    NOT NULL,
            UNIQUE (stream, version)
          ) STRICT;
          INSERT INTO schema_version (one, version) VALUES (1, 1);",
    upgrades: &[],
    writers: Writers::One,
};

/// A baseline store with one connection, which runs on the caller's thread.
pub struct BareSqlite {
    connection: Connection,
    last: i64,
}

impl BareSqlite {
    /// Creates the file with WAL, synchronous FULL and all other settings of our files. Its statements are
    /// cached by rusqlite, as in a program that uses the library with its defaults.
    pub fn create(file: &Path) -> Result<Self, YardstickError> {
        let connection =
            durable_file::open_writer(file, &SCHEMA).map_err(|error| YardstickError(error.to_string()))?;
        Ok(Self { connection, last: 0 })
    }

    /// Opens another connection to the same file, for reading. It keeps query plans as connections of our
    /// store do.
    pub fn open_keeping_plans(file: &Path) -> Result<Self, YardstickError> {
        let connection =
            durable_file::open_reader(file, &SCHEMA).map_err(|error| YardstickError(error.to_string()))?;
        durable_file::keep_plans(&connection)?;
        Ok(Self { connection, last: 0 })
    }

    /// Commits all batches in one transaction; durable when it returns.
    pub fn commit(&mut self, batches: &[Batch]) -> Result<(), YardstickError> {
        self.run("BEGIN IMMEDIATE")?;
        for batch in batches {
            for record in &batch.records {
                self.last += 1;
                self.insert(batch.stream.as_str(), record)?;
            }
        }
        self.run("COMMIT")
    }

    fn insert(&self, stream: &str, record: &Record) -> Result<(), YardstickError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO event (pos, stream, version, kind, record) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let version = i64::try_from(record.stream_version.0).unwrap_or(i64::MAX);
        let row = params![self.last, stream, version, record.kind, &**record.bytes()];
        statement.execute(row)?;
        Ok(())
    }

    /// Reads all rows in order with one statement. Returns the number of events and of record bytes.
    pub fn scan(&self) -> Result<Scan, YardstickError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT pos, stream, version, kind, record FROM event ORDER BY pos")?;
        let mut rows = statement.query([])?;
        let mut scan = Scan::default();
        while let Some(row) = rows.next()? {
            let record: Vec<u8> = row.get(4)?;
            scan.events += 1;
            scan.bytes += record.len();
        }
        Ok(scan)
    }

    /// Reads one stream after a version. Returns the number of events and of record bytes.
    pub fn read_stream(&self, stream: &str, after: StreamVersion) -> Result<Scan, YardstickError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT version, kind, record FROM event WHERE stream = ?1 AND version > ?2 ORDER BY version",
        )?;
        let after = i64::try_from(after.0).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![stream, after])?;
        let mut scan = Scan::default();
        while let Some(row) = rows.next()? {
            let record: Vec<u8> = row.get(2)?;
            scan.events += 1;
            scan.bytes += record.len();
        }
        Ok(scan)
    }

    fn run(&self, statement: &str) -> Result<(), YardstickError> {
        self.connection.prepare_cached(statement)?.execute([])?;
        Ok(())
    }
}

/// The result of a read: the number of events and of record bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scan {
    pub events: usize,
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_records::{make_batch, stream};

    #[test]
    fn what_was_committed_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut bare = BareSqlite::create(&dir.path().join("bare.db")).unwrap();
        let batch = Batch {
            stream: stream("a"),
            expected: StreamVersion(0),
            records: make_batch(&stream("a"), 0, "one", 3),
        };
        let bytes = batch.records.iter().map(|record| record.bytes().len()).sum();
        bare.commit(&[batch]).unwrap();
        assert_eq!(bare.scan().unwrap(), Scan { events: 3, bytes });
        assert_eq!(
            bare.read_stream(stream("a").as_str(), StreamVersion(2))
                .unwrap()
                .events,
            1
        );
    }
}
