//! `index.db`: tables of keys and positions, without names or personal data.
//!
//! It is not synced at each commit: entries lost in a power failure are read from the log again. Its
//! write-ahead log keeps it consistent nevertheless.

use super::entry::{Entry, Key, LookupProperty};
use super::table_sums::TableSums;
use crate::durable_file::keep_plans;
use domain::stored_event::Position;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the index file in the directory of the embedded log. It may be deleted: it is built again when
/// the log is opened.
pub const INDEX_FILE: &str = "index.db";

/// The version of the index file; a file of another version is built again. Version 2 added the sums.
const VERSION: i64 = 2;

/// The schema. `reached` and `reached_id` are the last event in the index, by which a log recognizes its
/// index. `sum_…` are order-independent sums over the entries of each table: a table with a lost, changed or
/// foreign entry has another sum and is not used, so it cannot hide events.
const SCHEMA: &str = "
    CREATE TABLE made (
      one        INTEGER PRIMARY KEY CHECK (one = 1),
      version    INTEGER NOT NULL,
      reached    INTEGER NOT NULL,
      reached_id INTEGER NOT NULL,
      sum_stream INTEGER NOT NULL,
      sum_id INTEGER NOT NULL,
      sum_campaign INTEGER NOT NULL,
      sum_customer INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE by_stream (
      key INTEGER NOT NULL, pos INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (key, pos)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE by_id (
      key INTEGER NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY (key, pos)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE by_campaign (
      key INTEGER NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY (key, pos)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE by_customer (
      key INTEGER NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY (key, pos)
    ) STRICT, WITHOUT ROWID;
    ";

/// The schema name of the index in a connection to the log.
const ATTACHED_AS: &str = "places";

/// The page cache of each connection that writes the index or looks up ids, in KiB.
const CACHE_KIB: i64 = 8 * 1_024;

/// The number of pages in the write-ahead log after which they are moved into the file: 32 MiB.
const CHECKPOINT_PAGES: i64 = 8_192;

/// The size to which the write-ahead log is truncated, in bytes, after it had to grow because a connection
/// was reading an old state, for example `audit verify`.
const WAL_BYTES_MAX: i64 = 64 * 1_024 * 1_024;

/// The size of the index's write-ahead log from which a checkpoint waits for readers, in bytes. The log can
/// restart only when no connection reads an old state, and under load there is always one, each for a
/// moment.
const WAL_BYTES_WAITING: u64 = 2 * WAL_BYTES_MAX.cast_unsigned();

/// The longest wait of a checkpoint for readers: some hundred times the duration of a page read. After it
/// the log grows on.
const READERS_WAITED_FOR: Duration = Duration::from_millis(500);

/// The longest wait for SQLite's own locks.
const BUSY: Duration = Duration::from_secs(5);

/// Opens `file` for writing. Creates the file and its tables if they do not exist; does not check
/// existing content.
pub(super) fn open_writer(file: &Path) -> rusqlite::Result<Connection> {
    // SQLite gives its write-ahead log the permissions of the file.
    let made = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file);
    made.map_err(|error| cannot(&error))?;
    let connection = Connection::open(file)?;
    keep_plans(&connection)?;
    connection.busy_timeout(BUSY)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    if version(&connection)?.is_none() {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {SCHEMA} INSERT INTO made VALUES (1, {VERSION}, 0, 0, 0, 0, 0, 0); COMMIT"
        ))?;
    }
    Ok(connection)
}

/// Opens an index file read-only, for lookups.
pub(super) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    keep_plans(&connection)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(connection)
}

/// Attaches an index file to a connection to the log, so that one query can use both.
pub(in crate::sqlite) fn attach(log: &Connection, file: &Path) -> rusqlite::Result<()> {
    let file = file.to_string_lossy();
    log.execute(&format!("ATTACH ?1 AS {ATTACHED_AS}"), [file])
        .map(drop)
}

/// Detaches the index file from a connection to the log.
pub(in crate::sqlite) fn detach(log: &Connection) -> rusqlite::Result<()> {
    log.execute_batch(&format!("DETACH {ATTACHED_AS}"))
}

/// Returns the position up to which the attached index has the log's events.
pub(in crate::sqlite) fn attached_reached(log: &Connection) -> rusqlite::Result<Position> {
    let mut statement = log.prepare_cached(&format!("SELECT reached FROM {ATTACHED_AS}.made"))?;
    statement.query_row([], |row| Ok(Position(row.get::<_, i64>(0)?.cast_unsigned())))
}

/// Removes an index file with its write-ahead log and shared-memory file. Does nothing if there are none.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Returns true if the index file has this build's version.
pub(super) fn is_current(index: &Connection) -> rusqlite::Result<bool> {
    Ok(version(index)? == Some(VERSION))
}

fn version(index: &Connection) -> rusqlite::Result<Option<i64>> {
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'
        AND name IN ('made', 'by_stream', 'by_id', 'by_campaign', 'by_customer')";
    if index.query_row(tables, [], |row| row.get::<_, i64>(0))? < 5 {
        return Ok(None);
    }
    index
        .query_row("SELECT version FROM made", [], |row| row.get(0))
        .optional()
}

/// Returns the last event in the index: its position and the key of its id.
pub(super) fn reached(index: &Connection) -> rusqlite::Result<(Position, i64)> {
    let mut statement = index.prepare_cached("SELECT reached, reached_id FROM made")?;
    statement.query_row([], |row| {
        Ok((
            Position(row.get::<_, i64>(0)?.cast_unsigned()),
            row.get::<_, i64>(1)?,
        ))
    })
}

/// Adds entries and their sums in one transaction, table by table and in key order, so that each page is
/// written once. Does nothing without entries.
pub(super) fn insert(index: &Connection, entries: &[Entry]) -> rusqlite::Result<()> {
    let Some(last) = entries.last() else { return Ok(()) };
    let transaction = index.unchecked_transaction()?;
    let mut keys: Vec<(i64, i64, i64)> = Vec::with_capacity(entries.len());
    let mut added = TableSums::default();
    for by in LookupProperty::ALL {
        keys.clear();
        keys.extend(entries.iter().filter_map(|entry| {
            let key = entry.key(by)?.signed();
            Some((key, signed(entry.position), entry.version.cast_signed()))
        }));
        keys.sort_unstable();
        for (key, position, version) in &keys {
            added.add(by, *key, *position, *version);
        }
        if by == LookupProperty::Stream {
            let mut insert = transaction.prepare_cached("INSERT INTO by_stream VALUES (?1, ?2, ?3)")?;
            for key in &keys {
                insert.execute(*key)?;
            }
        } else {
            let sql = format!("INSERT INTO {} VALUES (?1, ?2)", by.table());
            let mut insert = transaction.prepare_cached(&sql)?;
            for (key, position, _) in &keys {
                insert.execute((key, position))?;
            }
        }
    }
    transaction
        .prepare_cached("UPDATE made SET reached = ?1, reached_id = ?2")?
        .execute((signed(last.position), last.id.signed()))?;
    let [stream, id, campaign, customer] = kept_sums(&transaction)?.plus(added).signed();
    transaction
        .prepare_cached("UPDATE made SET sum_stream = ?1, sum_id = ?2, sum_campaign = ?3, sum_customer = ?4")?
        .execute((stream, id, campaign, customer))?;
    transaction.commit()
}

/// Returns the sums of the tables as they are recorded in the file.
pub(super) fn kept_sums(index: &Connection) -> rusqlite::Result<TableSums> {
    let mut statement =
        index.prepare_cached("SELECT sum_stream, sum_id, sum_campaign, sum_customer FROM made")?;
    let sums = statement.query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    Ok(TableSums::from_signed(sums))
}

/// Restarts the write-ahead log of the index if it is larger than `WAL_BYTES_WAITING`.
pub(super) fn hold_to_size(index: &Connection) -> rusqlite::Result<()> {
    let log = index
        .path()
        .and_then(|file| fs::metadata(format!("{file}-wal")).ok());
    if log.is_none_or(|log| log.len() <= WAL_BYTES_WAITING) {
        return Ok(());
    }
    restart_log(index)
}

fn restart_log(index: &Connection) -> rusqlite::Result<()> {
    index.busy_timeout(READERS_WAITED_FOR)?;
    // If a connection is still reading, that is no error: the next segment tries again.
    let asked = index.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()));
    index.busy_timeout(BUSY)?;
    asked
}

/// Returns the last `most` positions of a key that are at most `base`, the latest first.
pub(super) fn latest(
    index: &Connection,
    by: LookupProperty,
    key: Key,
    base: Position,
    most: usize,
) -> rusqlite::Result<Vec<Position>> {
    let sql = match by {
        LookupProperty::Stream => "SELECT pos FROM by_stream WHERE key = ?1 AND pos <= ?2 ORDER BY pos DESC",
        LookupProperty::Id => "SELECT pos FROM by_id WHERE key = ?1 AND pos <= ?2 ORDER BY pos DESC",
        LookupProperty::Campaign => {
            "SELECT pos FROM by_campaign WHERE key = ?1 AND pos <= ?2 ORDER BY pos DESC"
        }
        LookupProperty::Customer => {
            "SELECT pos FROM by_customer WHERE key = ?1 AND pos <= ?2 ORDER BY pos DESC"
        }
    };
    let mut statement = index.prepare_cached(sql)?;
    statement
        .query_map((key.signed(), signed(base)), |row| {
            Ok(Position(row.get::<_, i64>(0)?.cast_unsigned()))
        })?
        .take(most)
        .collect()
}

const fn signed(position: Position) -> i64 {
    position.0.cast_signed()
}

fn cannot(error: &io::Error) -> rusqlite::Error {
    let code = match error.kind() {
        ErrorKind::StorageFull => rusqlite::ffi::SQLITE_FULL,
        _ => rusqlite::ffi::SQLITE_CANTOPEN,
    };
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of pages in the write-ahead log.
    fn logged(index: &Connection) -> i64 {
        let asked = index.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1));
        asked.unwrap()
    }

    #[test]
    fn the_write_ahead_log_restarts_as_soon_as_no_connection_reads_an_old_state() {
        let dir = tempfile::tempdir().unwrap();
        let index = open_writer(&dir.path().join(INDEX_FILE)).unwrap();
        let change = |to: i64| index.execute("UPDATE made SET reached_id = ?1", [to]).unwrap();
        let reader = open_reader(&dir.path().join(INDEX_FILE)).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        reached(&reader).unwrap();
        for to in 1..50 {
            change(to);
        }
        restart_log(&index).unwrap();
        change(50);
        assert!(logged(&index) >= 50, "a connection reads an old state");
        drop(reader);
        restart_log(&index).unwrap();
        change(51);
        assert!(logged(&index) < 10);
    }
}
