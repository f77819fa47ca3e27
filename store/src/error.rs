//! Why a store or a key file could not be opened, and what that is to whoever asked.

use domain::ports::event_store::StoreError;
use domain::problem::{Kind, Problem};
use std::path::{Path, PathBuf};

/// Why a store's file could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    #[error(
        "{} has schema version {found}, this build knows up to {known}: use a newer ledgerline",
        file.display()
    )]
    NewerSchema { file: PathBuf, found: i64, known: i64 },
    /// A log that `ledgerline {by}` was filling when it was cut off, or is filling now.
    #[error(
        "{} holds part of a log: `ledgerline {by}` fills it, or was cut off, and it must not be served. \
         A copy goes on when it is run again; after a restore drop what is there \
         (DROP SCHEMA ledgerline CASCADE, or the directory), then restore again",
        file.display()
    )]
    HalfFilled { file: PathBuf, by: String },
    #[error("{} is damaged: {why}", file.display())]
    Damaged { file: PathBuf, why: String },
    #[error("{} cannot be opened: {why}", file.display())]
    Unavailable { file: PathBuf, why: String },
}

/// Why a data directory could not be locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    #[error("{} is in use by another ledgerline process{}; one process writes a data directory",
        dir.display(), holder(*.pid))]
    Held { dir: PathBuf, pid: Option<u32> },
    #[error("{} cannot be locked: {why}", dir.display())]
    Unavailable { dir: PathBuf, why: String },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Missing(_) => Self::new(Kind::Missing, "log-missing", error.to_string()),
            OpenError::HalfFilled { .. } => Self::refused("log-half-filled", error.to_string()),
            OpenError::NewerSchema { .. } | OpenError::Damaged { .. } | OpenError::Unavailable { .. } => {
                Self::unavailable(error.to_string())
            }
        }
    }
}

impl From<LockError> for Problem {
    fn from(error: LockError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl OpenError {
    pub(crate) fn unavailable(file: &Path, why: &impl ToString) -> Self {
        Self::Unavailable {
            file: file.to_owned(),
            why: why.to_string(),
        }
    }
}

/// What the database said, as the port's error. Values never appear in SQLite's messages.
pub(crate) fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Unavailable("the disk is full".to_owned()),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Damaged(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
