//! The cause of a command and the user who requested it, as stored in the envelopes of its events.

use crate::actor::Actor;
use crate::record::request::{RequestFacts, TraceParent};
use crate::record::stored_event::Envelope;
use values::ids::{CommandId, EventId};

/// Why and for which user a command is executed: its own id, the event or request that caused it, and the
/// correlation it belongs to. Stored in the envelopes of the command's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    pub command: CommandId,
    /// The event that led to the command; absent if a user or another system requested it.
    pub causation: Option<EventId>,
    /// The correlation id, shared by everything that one external request or one call led to.
    pub correlation: Option<uuid::Uuid>,
    /// The user who requested it; absent if the program itself continued.
    pub by: Option<Actor>,
    /// The facts of the request that events store; empty without a request.
    pub request: RequestFacts,
    /// How soon its events are written; not stored.
    pub urgency: WritePriority,
}

/// The priority with which a command's events are written if the log has more to write than it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WritePriority {
    /// Call control, and everything that a user waits for.
    #[default]
    First,
    /// The rows of an import: after everything else.
    Behind,
}

impl Cause {
    /// Returns the cause of a command that a user or another system requests; the command's id becomes the
    /// correlation id.
    pub const fn outside(command: CommandId) -> Self {
        Self {
            command,
            causation: None,
            correlation: Some(command.uuid()),
            by: None,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        }
    }
    /// Returns this cause with the user who requested the command.
    pub const fn asked_by(mut self, by: Option<Actor>) -> Self {
        self.by = by;
        self
    }
    /// Returns this cause with the facts of the HTTP request that led to the command.
    pub const fn requested(mut self, request: RequestFacts) -> Self {
        self.request = request;
        self
    }
    /// Returns this cause with the lowest write priority, for a row of an import.
    pub const fn behind(mut self) -> Self {
        self.urgency = WritePriority::Behind;
        self
    }
    /// Returns the trace that the command is part of. Rows of an import are in none: there are too many.
    pub const fn trace(&self) -> Option<TraceParent> {
        match self.urgency {
            WritePriority::First => self.request.traceparent,
            WritePriority::Behind => None,
        }
    }
    /// Returns this cause in the trace of a span, which its events store; unchanged without one.
    pub const fn in_trace(mut self, span: Option<TraceParent>) -> Self {
        if span.is_some() {
            self.request.traceparent = span;
        }
        self
    }
    /// Returns the cause of a command that a driver sends because of `event`. The command's id follows from
    /// the event and `kind`, so a repeat has the same id; the correlation is the event's.
    pub fn follow(event: &Envelope, kind: &str) -> Self {
        Self {
            command: CommandId::derive(event.id, kind),
            causation: Some(event.id),
            correlation: event.correlation,
            by: None,
            request: RequestFacts::NONE,
            urgency: WritePriority::First,
        }
    }
}
