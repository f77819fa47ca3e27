//! Errors of opening a store, a key file or a data directory, and the problems that callers receive for them.

use domain::ports::event_store::StoreError;
use domain::problem::{Problem, ProblemKind};
use std::path::{Path, PathBuf};

/// The reasons why the file of a store cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    #[error(
        "{} has schema version {found}, this build knows up to {known}: use a newer ledgerline",
        file.display()
    )]
    NewerSchema { file: PathBuf, found: i64, known: i64 },
    /// The log is incomplete: `ledgerline {by}` is filling it or was interrupted.
    #[error(
        "{} holds only part of a log: `ledgerline {by}` is filling it or was interrupted, and it must not be \
         served. To continue a copy, run it again; after a restore, drop the incomplete log \
         (DROP SCHEMA ledgerline CASCADE, or the directory), then restore again",
        file.display()
    )]
    HalfFilled { file: PathBuf, by: String },
    #[error("{} is damaged: {why}", file.display())]
    Damaged { file: PathBuf, why: String },
    #[error("{} cannot be opened: {why}", file.display())]
    Unavailable { file: PathBuf, why: String },
}

/// The reasons why a data directory cannot be locked.
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
            OpenError::Missing(_) => Self::new(ProblemKind::Missing, "log-missing", error.to_string()),
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

/// Converts an error of SQLite to `StoreError`: `Damaged` for a corrupt file, otherwise `Unavailable`.
/// SQLite's messages contain no stored values.
pub(crate) fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => StoreError::Unavailable("the disk is full".to_owned()),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            StoreError::Damaged(error.to_string())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
