//! Where a command came from, and who asked: what its events' envelopes say of it.

use crate::actor::Actor;
use crate::record::request::RequestFacts;
use crate::record::stored_event::Envelope;
use values::ids::{CommandId, EventId};

/// Where a command came from: its own id, the event or request that caused it, the story it belongs to, and
/// who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    pub command: CommandId,
    /// The event that led to the command; absent when a person or another system asked.
    pub causation: Option<EventId>,
    /// Shared by everything one outside request or one call led to.
    pub correlation: Option<uuid::Uuid>,
    /// Who asked; absent when the program itself went on.
    pub by: Option<Actor>,
    /// What is kept of the request; nothing where there was none.
    pub request: RequestFacts,
    /// Whether its events may wait for those of other commands; not stored.
    pub urgency: Urgency,
}

/// How soon the events of a command are written when the log has more to write than it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// Call control, and everything a person waits for.
    #[default]
    First,
    /// The rows of an import: behind everything else.
    Behind,
}

impl Cause {
    /// A command from outside, with nothing before it.
    pub const fn outside(command: CommandId) -> Self {
        Self {
            command,
            causation: None,
            correlation: Some(command.uuid()),
            by: None,
            request: RequestFacts::NONE,
            urgency: Urgency::First,
        }
    }
    /// The same, asked by somebody.
    pub const fn asked_by(mut self, by: Option<Actor>) -> Self {
        self.by = by;
        self
    }
    /// The same, by a request of which something is kept.
    pub const fn requested(mut self, request: RequestFacts) -> Self {
        self.request = request;
        self
    }
    /// The same, for a row of an import: written behind everything else.
    pub const fn behind(mut self) -> Self {
        self.urgency = Urgency::Behind;
        self
    }
    /// A command a driver derives from an event it read.
    pub fn follow(event: &Envelope, kind: &str) -> Self {
        Self {
            command: CommandId::derive(event.id, kind),
            causation: Some(event.id),
            correlation: event.correlation,
            by: None,
            request: RequestFacts::NONE,
            urgency: Urgency::First,
        }
    }
}
