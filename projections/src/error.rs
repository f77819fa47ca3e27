//! The errors of the read side: database unavailable, rows late, view parked or being rebuilt, data
//! damaged, or a fault of our own.

use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;

/// An error when rows of views are read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectionError {
    /// The read database is unreachable, full or closing, or its queue is full.
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    /// The rows have not reached the wanted position within the time limit. The reader may retry.
    #[error("the views have reached position {reached} but not yet {wanted}")]
    Late { wanted: Position, reached: Position },
    /// The view met an event that it cannot apply and stops before it, until a build that can apply it
    /// starts or the view is rebuilt.
    #[error("view {view} is parked at position {position}: {why}")]
    Parked {
        view: String,
        position: Position,
        why: String,
    },
    /// The view's rows come from another build and are being rebuilt; `reached` of `until` events are
    /// done. The reader may retry.
    #[error("view {view} is being rebuilt, {reached} of {until} events")]
    Remade {
        view: String,
        reached: Position,
        until: Position,
    },
    /// The database or a stored event is damaged.
    #[error("the views are damaged: {0}")]
    Corrupt(String),
    /// A statement failed or a row does not have the shape that this build expects.
    #[error("fault in the views: {0}")]
    Fault(String),
}

impl From<ProjectionError> for Problem {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::Late { .. } => Self::new(ProblemKind::Unavailable, "timeout", error.to_string()),
            ProjectionError::Remade { .. } => {
                Self::new(ProblemKind::Unavailable, "being-remade", error.to_string())
            }
            ProjectionError::Unavailable(_) | ProjectionError::Parked { .. } => {
                Self::unavailable(error.to_string())
            }
            ProjectionError::Corrupt(_) | ProjectionError::Fault(_) => Self::fault(error.to_string()),
        }
    }
}
