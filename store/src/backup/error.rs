//! Errors of a backup, with the part and position that they concern.

use crate::proof::ProofError;
use domain::ports::event_store::StoreError;
use domain::problem::Problem;
use std::io;
use std::path::{Path, PathBuf};

/// The reasons why a backup cannot be written, verified or restored. Positions count the backup's events
/// from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The backup was never finished, or the file is no backup.
    #[error("{} is no finished backup: {why}", path.display())]
    Unfinished { path: PathBuf, why: String },
    /// The file ends within a part.
    #[error("{part} is cut off: {why}")]
    Truncated { part: String, why: String },
    /// A part does not have the bytes that were written.
    #[error("{part}{}: {why}", at(*.position))]
    Altered {
        part: String,
        position: Option<u64>,
        why: String,
    },
    #[error("the backup has format version {found}, this build knows {known}: use a newer ledgerline")]
    NewerFormat { found: u32, known: u32 },
    /// The backup contradicts a checkpoint, or the checkpoint cannot be compared with it.
    #[error("the backup does not agree with the checkpoint: {0}")]
    Checkpoint(String),
    /// The file or folder to write already exists.
    #[error("{} exists already: {why}", path.display())]
    Exists { path: PathBuf, why: String },
    /// The log to back up is not the log of the existing backup.
    #[error("the log is another one than the backup's: {0}")]
    OtherLog(String),
    #[error("the backup has {size} events, there is no position {position}")]
    NoSuchPosition { position: u64, size: u64 },
    /// The cut lies within the events of one command. They are one decision and are restored together or not
    /// at all.
    #[error(
        "position {position} is within the events {first} to {last} of one command, which are restored \
         together: restore to {before} or {last}", before = .first - 1
    )]
    SplitsBatch { position: u64, first: u64, last: u64 },
    #[error("{}: {why}", path.display())]
    Disk { path: PathBuf, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Proof(#[from] ProofError),
}

fn at(position: Option<u64>) -> String {
    position.map_or_else(String::new, |position| format!(", position {position}"))
}

impl BackupError {
    /// Returns true if the error is a fault of the backup's content: unfinished, truncated, altered, or in
    /// contradiction to a checkpoint.
    pub const fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::Unfinished { .. } | Self::Truncated { .. } | Self::Altered { .. } | Self::Checkpoint(_)
        )
    }

    pub(super) fn altered(part: &str, position: Option<u64>, why: impl ToString) -> Self {
        Self::Altered {
            part: part.to_owned(),
            position,
            why: why.to_string(),
        }
    }

    pub(super) fn disk(path: &Path, error: &io::Error) -> Self {
        Self::Disk {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        if error.is_finding() {
            return Self::disproved("backup-wrong", error.to_string());
        }
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::Proof(error) => Self::disproved("backup-wrong", error.to_string()),
            BackupError::NewerFormat { .. } | BackupError::Disk { .. } => {
                Self::unavailable(error.to_string())
            }
            BackupError::Missing(_)
            | BackupError::Exists { .. }
            | BackupError::NoSuchPosition { .. }
            | BackupError::SplitsBatch { .. }
            | BackupError::OtherLog(_)
            | BackupError::Unfinished { .. }
            | BackupError::Truncated { .. }
            | BackupError::Altered { .. }
            | BackupError::Checkpoint(_) => Self::refused("backup-refused", error.to_string()),
        }
    }
}
