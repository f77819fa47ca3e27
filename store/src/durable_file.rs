//! SQLite files that keep every acknowledged commit: pragmas, schema version, and recovery at opening.
//!
//! The mode is WAL with synchronous FULL: one fsync per commit. `events.db` and `keys.db` are opened only
//! through this module.

use crate::data_lock::{create_private_dir, sync_dir};
use crate::error::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest wait for another process's lock on the SQLite file, in milliseconds; after that the
/// operation fails. Another process may be recovering the file.
const BUSY_MS: u64 = 5_000;

/// The number of pages of 4 KiB in the write-ahead log at which SQLite moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_000;

/// The size to which SQLite truncates the write-ahead log after it was larger, in bytes.
const WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// The schema of a file: the SQL that creates version 1, and the upgrades from each version to the next.
/// Neither is ever edited; each upgrade ends by setting `schema_version`.
pub(crate) struct Schema {
    pub(crate) sql: &'static str,
    /// The SQL of each upgrade; the first leads from version 1 to 2. Those that a file lacks are applied in
    /// one transaction.
    pub(crate) upgrades: &'static [&'static str],
    pub(crate) writers: Writers,
}

/// The number of processes that may have a file open for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    /// One process; another lock guarantees it.
    One,
    /// Several processes, which take turns by SQLite's own locks.
    Several,
}

impl Schema {
    /// Returns the schema version that this build writes, which is the newest that it reads.
    pub(crate) const fn version(&self) -> i64 {
        1 + self.upgrades.len().cast_signed() as i64
    }
}

/// Opens a SQLite file for writing. Creates the directory (mode 0700), the file (mode 0600) and its schema
/// if they do not exist, and upgrades an older schema. Fails for a newer one.
pub(crate) fn open_writer(file: &Path, schema: &Schema) -> Result<Connection, OpenError> {
    let unavailable = |error: std::io::Error| OpenError::unavailable(file, &error);
    let dir = file.parent().unwrap_or(Path::new("."));
    create_private_dir(dir).map_err(unavailable)?;
    // SQLite gives its WAL and shared-memory files the permissions of the database.
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

/// Opens an existing file read-only; another process may have it open for writing. `Missing` if there is no
/// file or no schema in it.
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

/// Returns the schema version of an open file. It can be older than this build's only if the file was opened
/// with `open_reader`.
pub(crate) fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT version FROM schema_version", [], |row| row.get(0))
}

/// Makes prepared statements keep their query plans. By default SQLite uses the bound values for the plan and
/// plans a statement again whenever they are cleared, which rusqlite does when it returns a statement to its
/// cache: planning cost more than the lookup by key itself.
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
        // SQLite overwrites deleted data with zeros. Older pages stay in the write-ahead log until it is
        // truncated, so a permanent deletion is followed by a checkpoint with TRUNCATE.
        ("secure_delete", 1),
    ] {
        connection.pragma_update(None, pragma, value).map_err(error)?;
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(error)
}

/// Moves the write-ahead log into the database and syncs it. The log may hold commits that an earlier
/// process wrote but did not sync; after this they are durable, before anything builds on them.
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
        // Another process has the file open: it ran this function when it opened the file, and it syncs what
        // it commits. Only the last commit of a process that was killed while committing may be unsynced.
        Writers::Several => sync_log(file).map_err(|error| OpenError::unavailable(file, &error)),
    }
}

/// Syncs the write-ahead log of a SQLite file, also if another process wrote it. Does nothing if there is
/// none.
fn sync_log(file: &Path) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    match OpenOptions::new().read(true).open(Path::new(&name)) {
        Ok(log) => log.sync_all(),
        // Its last writer has moved it into the database and removed it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Creates the schema or upgrades an older one, in one transaction.
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

/// Converts an error of SQLite while opening a file to an `OpenError`.
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
