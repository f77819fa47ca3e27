//! The outcome of one append call, and how errors of PostgreSQL map to it.

use super::connect::{from_postgres, is_lost, text};
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use tokio_postgres::error::SqlState;

/// The outcome of one call that appends a group of events.
pub(super) enum Outcome {
    /// The events are durable. The value is the position before the first one.
    Stored(Position),
    /// A version or id is taken, or a version is missing: nothing of the call is stored.
    Conflict(String),
    /// Nothing of the call is stored, and a retry would not help at present.
    Refused(StoreError),
    /// The connection ended or did not respond: the events may or may not be stored.
    Unclear(String),
}

/// The schema's own error code: a stream has not reached the required version.
const BEHIND: &str = "LL001";

pub(super) fn outcome(error: &tokio_postgres::Error) -> Outcome {
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION || code.code() == BEHIND => {
            Outcome::Conflict(text(error))
        }
        // The transaction failed by a deadlock or serialization conflict: a retry is the remedy.
        Some(code) if code.code().starts_with("40") => Outcome::Unclear(text(error)),
        Some(_) if !is_lost(error) => Outcome::Refused(from_postgres(error)),
        Some(_) | None => Outcome::Unclear(text(error)),
    }
}
