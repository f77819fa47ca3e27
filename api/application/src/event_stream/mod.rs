//! The event log as a stream for users: server-sent events and WebSocket, over the same feed.
//!
//! Both send each event as CloudEvents JSON, and between them the notes `caught-up`, `fell-behind`,
//! `position` and `end`, each with the position after which to resume. No event is skipped or repeated.

mod feed;
mod query;
mod slots;

#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod tests;

pub use feed::{End, Feed, Note, Ports};
pub use query::{CAMPAIGN, CUSTOMER, FilterWords, KIND, STREAM, SUBSCRIBER, filter_of};
pub use slots::{StreamPlace, StreamUse};

use crate::access::Caller;
use crate::cloud_event::CloudEvent;
use crate::readers::Lost;
use domain::ports::event_store::EventStore;
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use serde_json::{Value, json};
use slots::StreamSlots;
use std::borrow::Cow;
use std::sync::LazyLock;

static SLOTS: LazyLock<StreamSlots> = LazyLock::new(StreamSlots::default);

/// Refuses a position beyond the head of this log and names the head: the log was restored, so the client
/// has seen another history. To continue from there would skip the events appended up to that position.
pub async fn refuse_beyond_head(store: &dyn EventStore, after: Position) -> Result<(), Problem> {
    let head = store.head().await?;
    if after <= head {
        return Ok(());
    }
    Err(Problem::new(
        Kind::Conflict,
        "position-beyond-head",
        format!(
            "position {after} is beyond the head {head}: the log was restored or is another one; compare what you \
             have, then go on from a position up to the head"
        ),
    ))
}

/// Takes a slot for one more stream of this caller. Refuses if there is none.
pub fn place(caller: &Caller, purpose: StreamUse) -> Result<StreamPlace, Problem> {
    SLOTS.take(caller, purpose)
}

/// Returns a note in the form sent to the client: its name (none for an event) and one line of JSON. `None`
/// for a heartbeat. A record that is not a valid event ends the stream.
pub fn shown(note: &Note) -> Option<(Option<&'static str>, String)> {
    match note {
        Note::Event(stored) => match CloudEvent::read(stored) {
            Ok(event) => Some((None, event.line())),
            Err(error) => {
                tracing::error!(%error, "an event stream meets a record that cannot be read");
                let note = Note::Ended {
                    at: Position(stored.position.0.saturating_sub(1)),
                    why: End::Damaged(error.to_string()),
                };
                Some((Some(name(&note)), data(&note).to_string()))
            }
        },
        Note::Beat => None,
        Note::CaughtUp(_) | Note::FellBehind { .. } | Note::Reached(_) | Note::Ended { .. } => {
            Some((Some(name(note)), data(note).to_string()))
        }
    }
}

/// Name of the last note.
pub const END: &str = "end";

pub const fn name(note: &Note) -> &'static str {
    match note {
        Note::Event(_) => "event",
        Note::Beat => "beat",
        Note::CaughtUp(_) => "caught-up",
        Note::FellBehind { .. } => "fell-behind",
        Note::Reached(_) => "position",
        Note::Ended { .. } => END,
    }
}

pub fn data(note: &Note) -> Value {
    match note {
        Note::Event(_) | Note::Beat => json!({}),
        Note::CaughtUp(at) | Note::Reached(at) => json!({ "position": at.to_string() }),
        Note::FellBehind { at, head } => json!({ "position": at.to_string(), "head": head.to_string() }),
        Note::Ended { at, why } => json!({ "position": at.to_string(), "reason": why.text() }),
    }
}

impl End {
    pub fn text(&self) -> Cow<'static, str> {
        match self {
            Self::Stopping => "the server stops".into(),
            Self::NotAllowed => "you may no longer follow: the key, the role or the session has ended".into(),
            Self::Lost(Lost::TakenOver) => "another client follows under this name".into(),
            Self::Lost(Lost::Reset) => {
                "the subscriber's position was reset: reconnect without a position".into()
            }
            Self::Lost(Lost::Removed) => "the subscriber was removed".into(),
            Self::Unavailable => "the log cannot be read now".into(),
            Self::Damaged(why) => format!(
                "the log is damaged behind this position: {why}; `ledgerline audit verify` shows the place; \
                 reconnecting does not help"
            )
            .into(),
        }
    }
}
