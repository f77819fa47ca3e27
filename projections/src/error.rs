//! Why rows could not be written or read: away, damaged, late, parked, or our own fault.

use domain::problem::{Kind, Problem};
use domain::stored_event::Position;

/// An error of the read side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectionError {
    /// The database is away, full or closing, or its queue is full.
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    /// The rows have not reached the wanted position in time; the reader may ask again.
    #[error("the views have reached position {reached} but not yet {wanted}")]
    Late { wanted: Position, reached: Position },
    /// A view met an event it cannot take and stays before it, until a build that can or a rebuild.
    #[error("view {view} is parked at position {position}: {why}")]
    Parked {
        view: String,
        position: Position,
        why: String,
    },
    /// Its rows were made by another build and are being made again; the reader may ask again.
    #[error("view {view} is being rebuilt, {reached} of {until} events")]
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

impl From<ProjectionError> for Problem {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Late { .. } => Self::new(Kind::Unavailable, "timeout", error.to_string()),
            ProjectionError::Remade { .. } => Self::new(Kind::Unavailable, "being-remade", error.to_string()),
            ProjectionError::Unavailable(_) | ProjectionError::Parked { .. } => {
                Self::unavailable(error.to_string())
            }
            ProjectionError::Corrupt(_) | ProjectionError::Fault(_) => Self::fault(error.to_string()),
        }
    }
}
