//! What asking an entity comes to: what a command led to, or the state as it is.

use crate::error::AskError;
use domain::decider::Decider;
use domain::stored_event::{Position, StreamVersion};
use std::fmt;
use std::sync::Arc;

/// What an entity answers to a command.
pub struct Answer<D: Decider> {
    /// The events this command led to; for a repeat, those of the first time.
    pub events: Arc<Vec<D::Event>>,
    /// The state now; for a repeat of a request that has a mark, as it was then: its reply is the same.
    pub state: Arc<D::State>,
    pub version: StreamVersion,
    /// Of the batch's last event; when nothing was written, of the stream's last event.
    pub position: Position,
    /// The command had been answered before.
    pub repeated: bool,
}

/// An entity's state, for reading.
pub struct Loaded<D: Decider> {
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

impl<D: Decider> fmt::Debug for Loaded<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("version", &self.version)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// What an ask comes to.
pub type Asked<T, D> = Result<T, AskError<<D as Decider>::Refusal>>;
