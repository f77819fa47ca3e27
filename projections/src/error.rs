//! Why rows could not be written or read: away, damaged, late, parked, or our own fault.

use domain::stored_event::Position;

/// What a caller can do about an error; `api/src/reply.rs` turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Retry later.
    Unavailable,
    /// Stored rows or events are not what was written: rebuild the views, or look at the log.
    Corrupt,
    /// Our bug.
    Fault,
}

/// An error of the read side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectionError {
    /// The database is away, full or closing, or its queue is full.
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    /// The rows have not reached the wanted position in time; the reader may ask again.
    #[error("the views have reached position {reached}, not yet {wanted}")]
    Late { wanted: Position, reached: Position },
    /// A view met an event it cannot take and stays before it, until a build that can or a rebuild.
    #[error("view {view} is parked at position {position}: {why}")]
    Parked {
        view: String,
        position: Position,
        why: String,
    },
    /// Its rows were made by another build and are being made again; the reader may ask again.
    #[error("view {view} is being remade, {reached} of {until} events")]
    Remade {
        view: String,
        reached: Position,
        until: Position,
    },
    /// The database, or an event, is damaged.
    #[error("the views are damaged: {0}")]
    Corrupt(String),
    /// A statement or a row is not what this build expects.
    #[error("fault in the views: {0}")]
    Fault(String),
}

impl ProjectionError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable(_) | Self::Late { .. } | Self::Parked { .. } | Self::Remade { .. } => {
                ErrorKind::Unavailable
            }
            Self::Corrupt(_) => ErrorKind::Corrupt,
            Self::Fault(_) => ErrorKind::Fault,
        }
    }
}
