//! Errors of asking an entity or starting drivers, and the problems they become for callers.

use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::ports::vault::VaultError;
use domain::ports::worklist::WorklistError;
use domain::problem::{DomainRefusal, Problem, ProblemKind};
use domain::stored_event::{RecordError, StreamVersion};
use std::convert::Infallible;

/// Why an entity did not execute a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError<R: std::error::Error> {
    #[error(transparent)]
    Refused(R),
    #[error("another writer was faster, twice")]
    Conflict,
    /// The command id was used before, for a request with another body or for another entity.
    #[error("this command was another request's")]
    AnotherRequest,
    /// The caller named a version, and it is another by now.
    #[error("it is now at version {}", actual.0)]
    Stale { actual: StreamVersion },
    #[error("the entity's mailbox is full")]
    Busy,
    #[error("the store is unavailable")]
    Unavailable,
    #[error("internal fault")]
    Fault,
}

impl<R: std::error::Error> AskError<R> {
    /// Converts an error of an entity's core, which is no refusal.
    pub(crate) fn from_core(error: AskError<Infallible>) -> Self {
        match error {
            AskError::Refused(never) => match never {},
            AskError::Conflict => Self::Conflict,
            AskError::AnotherRequest => Self::AnotherRequest,
            AskError::Stale { actual } => Self::Stale { actual },
            AskError::Busy => Self::Busy,
            AskError::Unavailable => Self::Unavailable,
            AskError::Fault => Self::Fault,
        }
    }
}

impl<R: DomainRefusal> From<AskError<R>> for Problem {
    fn from(error: AskError<R>) -> Self {
        match error {
            AskError::Refused(refusal) if refusal.is_missing() => {
                Self::new(ProblemKind::Missing, "missing", refusal.to_string())
            }
            AskError::Refused(refusal) => Self::refused("refused", refusal.to_string()),
            AskError::Conflict => Self::new(
                ProblemKind::Conflict,
                "conflict",
                "another writer was faster, twice",
            ),
            AskError::AnotherRequest => Self::refused(
                "idempotency-key-reused",
                "this Idempotency-Key was used for another request: use a new key for a different body",
            ),
            AskError::Stale { actual } => Self::new(
                ProblemKind::Stale,
                "stale",
                format!("it is now at version v{}: read it again, then retry", actual.0),
            ),
            AskError::Busy => Self::new(ProblemKind::Busy, "busy", "too many requests of this kind"),
            AskError::Unavailable => Self::unavailable("the event store or the keys cannot be written"),
            AskError::Fault => Self::fault("an entity failed"),
        }
    }
}

/// Converts a store's error to the error of a command. One that no retry can fix becomes `Fault`, with its
/// details in the log.
pub(crate) fn store_error<R: std::error::Error>(stream: &StreamId, error: &StoreError) -> AskError<R> {
    match error {
        StoreError::Busy => AskError::Busy,
        StoreError::WrongVersion { .. } => AskError::Conflict,
        StoreError::Unavailable(why) => {
            tracing::warn!(%stream, why, "the store is unavailable");
            AskError::Unavailable
        }
        StoreError::PartlyStored { .. }
        | StoreError::Invalid(_)
        | StoreError::Damaged(_)
        | StoreError::TooLong { .. } => fault(stream, error),
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
    #[error("the lines are of another realm than the log")]
    OtherRealm,
    #[error("at least one line is required")]
    NoLine,
    #[error(
        "the recognizer {recognizer} hears synthetic voices, for rehearsals, and trunk {line} is public; \
         take another recognizer, or a loopback trunk"
    )]
    ForRehearsals { recognizer: &'static str, line: String },
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Store(error) => error.into(),
            StartError::Vault(error) => error.into(),
            StartError::Worklist(error) => Self::unavailable(error.to_string()),
            StartError::NoLine | StartError::OtherRealm | StartError::ForRehearsals { .. } => {
                Self::fault(error.to_string())
            }
        }
    }
}
