//! Why an ask was not answered, in the five kinds a caller can act on.

use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use domain::ports::worklist::WorklistError;
use domain::stored_event::RecordError;

/// What a caller should do about an error; `api/src/reply.rs` turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A rule said no; show the reason.
    Refused,
    /// Lost a race after one silent reload; load again and decide again.
    Conflict,
    /// A limit was reached; wait and try again.
    Busy,
    /// The store or the key store is away; nothing was acknowledged.
    Unavailable,
    /// Our bug, or damaged data; the details are in the log.
    Fault,
}

/// Why an entity did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError<R: std::error::Error> {
    #[error(transparent)]
    Refused(R),
    #[error("another writer was first, twice")]
    Conflict,
    #[error("the entity's mailbox is full")]
    Busy,
    #[error("the store is unavailable")]
    Unavailable,
    #[error("internal fault")]
    Fault,
}

impl<R: std::error::Error> AskError<R> {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) => ErrorKind::Refused,
            Self::Conflict => ErrorKind::Conflict,
            Self::Busy => ErrorKind::Busy,
            Self::Unavailable => ErrorKind::Unavailable,
            Self::Fault => ErrorKind::Fault,
        }
    }
}

/// How a store's error is answered; what nobody can retry away is a fault, with its details in the log.
pub(crate) fn store_error<R: std::error::Error>(stream: &StreamId, error: &StoreError) -> AskError<R> {
    match error {
        StoreError::Busy => AskError::Busy,
        StoreError::WrongVersion { .. } => AskError::Conflict,
        StoreError::Unavailable(why) => {
            tracing::warn!(%stream, why, "the store is unavailable");
            AskError::Unavailable
        }
        StoreError::PartlyStored { .. } | StoreError::Invalid(_) | StoreError::Damaged(_) => {
            fault(stream, error)
        }
    }
}

pub(crate) fn record_error<R: std::error::Error>(stream: &StreamId, error: &RecordError) -> AskError<R> {
    match error {
        RecordError::Vault(error) => vault_error(stream, error),
        RecordError::TooLarge { .. } | RecordError::NoKey { .. } | RecordError::Unwritable { .. } => {
            fault(stream, error)
        }
    }
}

pub(crate) fn vault_error<R: std::error::Error>(stream: &StreamId, error: &VaultError) -> AskError<R> {
    match error {
        VaultError::Unavailable(why) => {
            tracing::warn!(%stream, why, "the key store is unavailable");
            AskError::Unavailable
        }
        VaultError::Destroyed(_) | VaultError::DoesNotOpen | VaultError::WrongMaster(_) => {
            fault(stream, error)
        }
    }
}

pub(crate) fn fault<R: std::error::Error>(stream: &StreamId, error: &dyn std::error::Error) -> AskError<R> {
    tracing::error!(%stream, %error, "entity fault");
    AskError::Fault
}

/// Why the drivers could not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Worklist(#[from] WorklistError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("at least one line is needed")]
    NoLine,
}

impl StartError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) | Self::Worklist(_) | Self::Vault(_) => ErrorKind::Unavailable,
            Self::NoLine => ErrorKind::Fault,
        }
    }
}
