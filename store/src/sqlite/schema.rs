//! Opening `events.db`: pragmas, the schema and its version, and what must be durable before the first write.

use crate::data_lock::{create_private_dir, sync_dir};
use crate::error::OpenError;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};

/// The database file inside the data directory.
pub const EVENTS_FILE: &str = "events.db";

/// The schema this build writes and the newest it reads.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// Longest wait for SQLite's own locks: another process may be recovering the log beside us.
const BUSY_MS: u64 = 5_000;

/// Pages of 4 KiB in the write-ahead log before SQLite moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Size to which the write-ahead log is cut back after a burst.
const WAL_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// Opens for writing; makes the directory, the file and its schema if there are none.
pub(super) fn open_writer(dir: &Path) -> Result<Connection, OpenError> {
    let file = dir.join(EVENTS_FILE);
    create_private_dir(dir).map_err(|error| OpenError::unavailable(&file, &error))?;
    let mut connection = Connection::open(&file).map_err(|error| failed(&file, &error))?;
    prepare_writer(&mut connection, &file)?;
    sync_dir(dir).map_err(|error| OpenError::unavailable(&file, &error))?;
    Ok(connection)
}

fn prepare_writer(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
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
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(error)?;
    connection
        .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
        .map_err(error)?;
    connection
        .pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)
        .map_err(error)?;
    if !has_schema(connection).map_err(error)? {
        let transaction = connection.transaction().map_err(error)?;
        transaction
            .execute_batch(include_str!("schema.sql"))
            .map_err(error)?;
        transaction.commit().map_err(error)?;
    }
    check_version(connection, file)?;
    // What an earlier process could not sync may still be readable in the write-ahead log. Written out and
    // synced anew, nobody builds on it before it is durable.
    let (busy, written, moved): (i64, i64, i64) = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .map_err(error)?;
    if busy != 0 && moved != written {
        return Err(OpenError::unavailable(
            file,
            &"another process keeps an old state of it open",
        ));
    }
    Ok(())
}

/// Opens an existing store for reading, beside a writer or without one.
pub(super) fn open_reader(dir: &Path) -> Result<Connection, OpenError> {
    let file = dir.join(EVENTS_FILE);
    if !file.exists() {
        return Err(OpenError::Missing(file));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&file, flags).map_err(|error| failed(&file, &error))?;
    set_busy_timeout(&connection).map_err(|error| failed(&file, &error))?;
    if !has_schema(&connection).map_err(|error| failed(&file, &error))? {
        return Err(OpenError::Missing(file));
    }
    check_version(&connection, &file)?;
    Ok(connection)
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

fn check_version(connection: &Connection, file: &Path) -> Result<(), OpenError> {
    let found: i64 = connection
        .query_row("SELECT version FROM schema_version", [], |row| row.get(0))
        .map_err(|error| failed(file, &error))?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::NewerSchema {
            file: file.to_owned(),
            found,
            known: SCHEMA_VERSION,
        });
    }
    Ok(())
}

/// What SQLite said while opening, as ours.
pub(super) fn failed(file: &Path, error: &rusqlite::Error) -> OpenError {
    let file: PathBuf = file.to_owned();
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
