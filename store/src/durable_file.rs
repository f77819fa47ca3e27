//! SQLite files that must not lose what they acknowledged: pragmas, schema version, and a clean start.
//!
//! WAL mode with synchronous FULL: one fsync per commit. `events.db` and `keys.db` are opened by this alone.

use crate::data_lock::{create_private_dir, sync_dir};
use crate::error::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Longest wait for SQLite's own locks: another process may be recovering the file beside us.
const BUSY_MS: u64 = 5_000;

/// Pages of 4 KiB in the write-ahead log before SQLite moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Size to which the write-ahead log is cut back after a burst.
const WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// A file's schema: what makes version 1 of it, and what leads from each version to the next. Neither is ever
/// edited; each upgrade ends by setting `schema_version`.
pub(crate) struct Schema {
    pub(crate) sql: &'static str,
    /// The first leads from version 1 to 2. All that a file lacks are applied in one transaction.
    pub(crate) upgrades: &'static [&'static str],
    pub(crate) writers: Writers,
}

/// How many processes may have a file open for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// A lock elsewhere sees to it.
    One,
    /// They take turns by SQLite's own locks.
    Several,
}

impl Schema {
    /// The version this build writes and the newest it reads.
    pub(crate) const fn version(&self) -> i64 {
        1 + self.upgrades.len().cast_signed() as i64
    }
}

/// Opens for writing; makes the directory (0700), the file (0600) and its schema if there are none.
pub(crate) fn open_writer(file: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    let unavailable = |error: std::io::Error| OpenError::unavailable(file, &error);
    let dir = file.parent().unwrap_or(Path::new("."));
    create_private_dir(dir).map_err(unavailable)?;
    // SQLite gives its log and index files the permissions of the database.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(unavailable)?;
    let mut connection = Connection::open(file).map_err(|error| failed(file, &error))?;
    set_durable(&connection, file)?;
    make_schema(&mut connection, file, schema)?;
    settle(&connection, file, schema.writers)?;
    sync_dir(dir).map_err(unavailable)?;
    Ok(connection)
}

/// Opens an existing file for reading, beside a writer or without one.
pub(crate) fn open_reader(file: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    if !file.exists() {
        return Err(OpenError::Missing(file.to_owned()));
    }
    let error = |error: rusqlite::Error| failed(file, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(error)?;
    set_busy_timeout(&connection).map_err(error)?;
    if !has_schema(&connection).map_err(error)? {
        return Err(OpenError::Missing(file.to_owned()));
    }
    check_version(&connection, file, schema)?;
    Ok(connection)
}

/// The version of an open file's schema; below the newest only where it was opened for reading.
pub(crate) fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT version FROM schema_version", [], |row| row.get(0))
}

/// Lets prepared statements keep their plans. SQLite otherwise looks at the values that are bound, and plans
/// a statement anew whenever its values are cleared, which is what rusqlite does when it puts one back into
/// its cache: each look-up by a key cost more for its plan than for itself.
pub(crate) fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

fn set_durable(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let error = |error: rusqlite::Error| failed(file, &error);
    set_busy_timeout(connection).map_err(error)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(error)?;
    if mode != "wal" {
        return Err(OpenError::unavailable(
            file,
            &"its file system has no write-ahead log",
        ));
    }
    for (pragma, value) in [
        ("wal_autocheckpoint", CHECKPOINT_PAGES),
        ("journal_size_limit", WAL_BYTES_MAX),
        // What is deleted is overwritten with zeros. Older pages stay in the write-ahead log until it is cut,
        // so whoever deletes for good checkpoints with TRUNCATE afterwards.
        ("secure_delete", 1),
    ] {
        connection.pragma_update(None, pragma, value).map_err(error)?;
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(error)
}

/// What an earlier process could not sync may still be readable in the write-ahead log. Written out and
/// synced anew, nobody builds on it before it is durable.
fn settle(connection: &Connection, file: &Path, writers: Writers) -> Result<(), OpenError> {
    let error = |error: rusqlite::Error| failed(file, &error);
    if writers == Writers::Several {
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .map_err(error)?;
    }
    let (busy, written, moved): (i64, i64, i64) = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .map_err(error)?;
    set_busy_timeout(connection).map_err(error)?;
    if busy == 0 || (writers == Writers::One && moved == written) {
        return Ok(());
    }
    match writers {
        Writers::One => Err(OpenError::unavailable(
            file,
            &"another process keeps an old state of it open",
        )),
        // Whoever writes it beside us settled it when it began, and syncs what it commits: what may still be
        // unsynced is the last commit of a process that was killed within it.
        Writers::Several => sync_log(file).map_err(|error| OpenError::unavailable(file, &error)),
    }
}

/// Makes durable what stands in the write-ahead log, whoever wrote it.
fn sync_log(file: &Path) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    match OpenOptions::new().read(true).open(Path::new(&name)) {
        Ok(log) => log.sync_all(),
        // Its last writer has folded it into the file and removed it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the schema, or brings an older one up to date: whole or not at all.
fn make_schema(connection: &mut Connection, file: &Path, schema: &Schema) -> Result<(), OpenError> {
    let error = |error: rusqlite::Error| failed(file, &error);
    if has_schema(connection).map_err(error)? {
        check_version(connection, file, schema)?;
    }
    upgrade(connection, schema).map_err(error)
}

fn upgrade(connection: &mut Connection, schema: &Schema) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !has_schema(&transaction)? {
        transaction.execute_batch(schema.sql)?;
    }
    let found = schema_version(&transaction)?;
    for (upgrade, from) in schema.upgrades.iter().zip(1_i64..) {
        if from >= found {
            transaction.execute_batch(upgrade)?;
        }
    }
    transaction.commit()
}

fn set_busy_timeout(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))
}

fn has_schema(connection: &Connection) -> rusqlite::Result<bool> {
    let name = connection
        .query_row(
            "SELECT name FROM sqlite_schema WHERE name = 'schema_version'",
            [],
            |row| row.get::<_, String>(0),
        )
        .optional()?;
    Ok(name.is_some())
}

fn check_version(connection: &Connection, file: &Path, schema: &Schema) -> Result<(), OpenError> {
    let found = schema_version(connection).map_err(|error| failed(file, &error))?;
    if found > schema.version() {
        return Err(OpenError::NewerSchema {
            file: file.to_owned(),
            found,
            known: schema.version(),
        });
    }
    Ok(())
}

/// What SQLite said while opening, as ours.
pub(crate) fn failed(file: &Path, error: &rusqlite::Error) -> OpenError {
    let file = file.to_owned();
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            OpenError::Damaged {
                file,
                why: error.to_string(),
            }
        }
        Some(rusqlite::ErrorCode::DiskFull) => OpenError::Unavailable {
            file,
            why: "the disk is full".to_owned(),
        },
        _ => OpenError::Unavailable {
            file,
            why: error.to_string(),
        },
    }
}
