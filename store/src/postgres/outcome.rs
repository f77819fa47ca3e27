//! How one call of an append ended, and what an error of PostgreSQL says of it.

use super::connect::{from_postgres, is_lost, text};
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use tokio_postgres::error::SqlState;

/// How one call ended.
pub(super) enum Outcome {
    /// Durable; the position before the first event.
    Stored(Position),
    /// A version or id is taken, or a version is missing: nothing of the call is stored.
    Conflict(String),
    /// Nothing of the call is stored, and asking again would not help now.
    Refused(StoreError),
    /// The connection ended or stayed silent: it may or may not be stored.
    Unclear(String),
}

/// The schema's own error: a stream has not the version that was demanded.
const BEHIND: &str = "LL001";

pub(super) fn outcome(error: &tokio_postgres::Error) -> Outcome {
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION || code.code() == BEHIND => {
            Outcome::Conflict(text(error))
        }
        // A victim of a deadlock or of a race of whole transactions: asking again is the remedy.
        Some(code) if code.code().starts_with("40") => Outcome::Unclear(text(error)),
        Some(_) if !is_lost(error) => Outcome::Refused(from_postgres(error)),
        Some(_) | None => Outcome::Unclear(text(error)),
    }
}
