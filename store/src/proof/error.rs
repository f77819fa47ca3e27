//! Errors of proving, signing and verifying.

use domain::ports::event_store::StoreError;
use domain::problem::{Problem, ProblemKind};
use std::path::{Path, PathBuf};

/// The reasons why an event or checkpoint cannot be proved, signed or verified. Texts name sizes, positions
/// and files, never contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A text that does not have the required form.
    #[error("{what} cannot be read: {why}")]
    Malformed { what: &'static str, why: String },
    /// A text without a valid signature by this key.
    #[error("{what} is not signed by {key}")]
    NotSigned { what: &'static str, key: String },
    /// A proof that does not lead to the checkpoint's root.
    #[error("{what} does not lead to the root of the checkpoint of size {size}")]
    NotProved { what: String, size: u64 },
    /// The log has lost events since it was signed: it is an older copy.
    #[error(
        "the log has {size} events, but a checkpoint over {published} is published: this is an older or \
         shortened log, and nothing is signed for it. Restore the full log, or keep the published checkpoint \
         and explain the loss"
    )]
    RolledBack { size: u64, published: u64 },
    /// The log contains other events than those that were signed.
    #[error(
        "the log's first {size} events have the root {actual}, but a checkpoint with the root {published} is \
         published: the log was changed, and nothing is signed for it"
    )]
    Forked {
        size: u64,
        actual: String,
        published: String,
    },
    /// Another process published meanwhile. Two processes sign, which the lease should prevent.
    #[error("another process published a checkpoint meanwhile")]
    Overtaken,
    /// A request for an event or size that the tree or checkpoint does not cover.
    #[error("the checkpoint covers {size} events, not event number {number}")]
    NotCovered { number: u64, size: u64 },
    #[error("{}: {why}", path.display())]
    Disk { path: PathBuf, why: String },
    /// A tile does not fit the checkpoint: the files of the tree are damaged, not the log.
    #[error("the tree in {} is damaged: {why}", path.display())]
    Tree { path: PathBuf, why: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database with the checkpoints is unreachable.
    #[error("published checkpoints are unavailable: {0}")]
    Unavailable(String),
    /// The count exceeds a named limit.
    #[error("{what}: {count} is more than the limit of {max}")]
    TooMany {
        what: &'static str,
        count: u64,
        max: u64,
    },
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Malformed { .. }
            | ProofError::NotSigned { .. }
            | ProofError::NotProved { .. }
            | ProofError::NotCovered { .. }
            | ProofError::TooMany { .. } => Self::refused("not-proved", error.to_string()),
            ProofError::Overtaken => Self::new(ProblemKind::Conflict, "conflict", error.to_string()),
            ProofError::RolledBack { .. } | ProofError::Forked { .. } | ProofError::Tree { .. } => {
                Self::fault(error.to_string())
            }
            ProofError::Disk { .. } | ProofError::Unavailable(_) => Self::unavailable(error.to_string()),
            ProofError::Store(error) => error.into(),
        }
    }
}

impl ProofError {
    pub(crate) fn disk(path: &Path, error: &std::io::Error) -> Self {
        Self::Disk {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }

    pub(crate) fn malformed(what: &'static str, why: impl ToString) -> Self {
        Self::Malformed {
            what,
            why: why.to_string(),
        }
    }
}
