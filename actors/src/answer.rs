//! Results of asking an entity: the events that a command led to, or the state.

use crate::error::AskError;
use domain::decider::Decider;
use domain::stored_event::{Position, StreamVersion, TraceParent};
use std::fmt;
use std::sync::Arc;

/// An entity's answer to an accepted command.
pub struct Answer<D: Decider> {
    /// The events that the command wrote; empty if it changed nothing. For a repeated command: those of the
    /// first time.
    pub events: Arc<Vec<D::Event>>,
    /// The state now. For a repeated request that carries a mark: the state after the first time, so that
    /// the reply is the same.
    pub state: Arc<D::State>,
    pub version: StreamVersion,
    /// Position of the batch's last event. If no event was written: of the stream's last event.
    pub position: Position,
    /// True if the command was answered before and nothing was written now.
    pub repeated: bool,
    /// The trace that the events are part of, if it is sampled and they were written now.
    pub trace: Option<TraceParent>,
}

/// An entity's state, for reading.
pub struct EntityState<D: Decider> {
    pub state: Arc<D::State>,
    pub version: StreamVersion,
    pub position: Position,
}

impl<D: Decider> fmt::Debug for Answer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("events", &self.events)
            .field("version", &self.version)
            .field("position", &self.position)
            .field("repeated", &self.repeated)
            .finish_non_exhaustive()
    }
}

impl<D: Decider> fmt::Debug for EntityState<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("version", &self.version)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// The result of asking an entity.
pub type AskResult<T, D> = Result<T, AskError<<D as Decider>::Refusal>>;
