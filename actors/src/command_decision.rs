//! What an entity does with a command: the events it decided, a repeat, a refusal, or a stale version.

use crate::decide_functions::DecideFunction;
use crate::loading::LiveState;
use domain::decider::{Context, Decider};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;

/// The decision about a command, before anything is written.
pub(crate) enum CommandDecision<D: Decider> {
    Events(Vec<D::Event>),
    /// The command was answered before; position of its last event.
    Repeat(Position),
    Refusal(D::Refusal),
    /// The stream is at another version than the caller expects.
    Stale,
}

impl<D: Decider> CommandDecision<D> {
    pub(crate) fn of(
        decide: DecideFunction<D>,
        live: &LiveState<D>,
        command: &D::Command,
        cause: Cause,
        now: Timestamp,
    ) -> Self {
        if let Some(position) = live.answered_at(cause.command) {
            return Self::Repeat(position);
        }
        if cause
            .request
            .expected
            .is_some_and(|expected| expected != live.version)
        {
            return Self::Stale;
        }
        match decide(&live.state, command.clone(), Context { now }) {
            Ok(events) => Self::Events(events),
            Err(refusal) => Self::Refusal(refusal),
        }
    }
}
