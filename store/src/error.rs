//! Why a store or a key file could not be opened, and the kind of every error this crate answers with.
//!
//! `StoreError` and `VaultError` belong to the ports; `kind` sorts them like our own, so that the one place
//! that makes replies needs no knowledge of stores.

use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use std::path::{Path, PathBuf};

/// What the caller can do about an error (docs/house.md, Errors).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request makes no sense: change it.
    Invalid,
    /// Somebody else was first: load again, decide again.
    Conflict,
    /// A limit was reached: wait and retry.
    Busy,
    /// The disk, the database or the keys are away: wait, or mend and restart.
    Unavailable,
    /// Our bug or damaged data: report.
    Fault,
}

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

/// Every error of this crate falls in one kind.
pub trait Kind {
    fn kind(&self) -> ErrorKind;
}

impl Kind for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongVersion { .. } | Self::PartlyStored { .. } => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Busy => ErrorKind::Busy,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Damaged(_) => ErrorKind::Fault,
        }
    }
}

impl Kind for VaultError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(_) | Self::WrongMaster(_) => ErrorKind::Unavailable,
            Self::Destroyed(_) => ErrorKind::Conflict,
            Self::DoesNotOpen => ErrorKind::Fault,
        }
    }
}

impl Kind for OpenError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) => ErrorKind::Invalid,
            Self::NewerSchema { .. } | Self::HalfFilled { .. } | Self::Unavailable { .. } => {
                ErrorKind::Unavailable
            }
            Self::Damaged { .. } => ErrorKind::Fault,
        }
    }
}

impl Kind for LockError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Held { .. } => ErrorKind::Conflict,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
        }
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
