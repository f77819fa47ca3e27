//! Why an ask was not answered, in the five kinds a caller can act on.

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

/// Why the drivers could not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] domain::ports::event_store::StoreError),
    #[error(transparent)]
    Worklist(#[from] domain::ports::worklist::WorklistError),
    #[error("at least one line is needed")]
    NoLine,
}

impl StartError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) | Self::Worklist(_) => ErrorKind::Unavailable,
            Self::NoLine => ErrorKind::Fault,
        }
    }
}
