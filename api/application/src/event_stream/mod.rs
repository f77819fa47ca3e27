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

pub use feed::{Feed, FeedEnd, FeedMessage, FeedPorts};
pub use query::{CAMPAIGN, CUSTOMER, FilterParameters, KIND, STREAM, SUBSCRIBER, filter_of};
pub use slots::{StreamSlot, StreamUse};

use crate::access::Caller;
use crate::cloud_event::CloudEvent;
use crate::readers::NameLossReason;
use domain::ports::event_store::EventStore;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use serde_json::{Value, json};
use slots::StreamSlots;
use std::borrow::Cow;
use std::sync::LazyLock;

static SLOTS: LazyLock<StreamSlots> = LazyLock::new(StreamSlots::default);

/// Fails with `Conflict` if the position `after` is beyond the head of this log, and names the head: the
/// log was restored, so the client has seen another history. Continuing would skip the events appended up
/// to that position.
pub async fn refuse_beyond_head(store: &dyn EventStore, after: Position) -> Result<(), Problem> {
    let head = store.head().await?;
    if after <= head {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Conflict,
        "position-beyond-head",
        format!(
            "position {after} is beyond the head {head}: the log was restored or is another one; compare what you \
             have, then go on from a position up to the head"
        ),
    ))
}

/// Takes a slot for one more stream of this caller. Fails if the caller or the server has too many. The
/// slot is released when dropped.
pub fn place(caller: &Caller, purpose: StreamUse) -> Result<StreamSlot, Problem> {
    SLOTS.take(caller, purpose)
}

/// Returns a message in the form sent to the client: its name (none for an event) and one line of JSON.
/// `None` for a heartbeat. For a record that is not a valid event it returns the message that ends the
/// stream.
pub fn shown(note: &FeedMessage) -> Option<(Option<&'static str>, String)> {
    match note {
        FeedMessage::Event(stored) => match CloudEvent::read(stored) {
            Ok(event) => Some((None, event.line())),
            Err(error) => {
                tracing::error!(%error, "an event stream meets a record that cannot be read");
                let note = FeedMessage::Ended {
                    at: Position(stored.position.0.saturating_sub(1)),
                    why: FeedEnd::Damaged(error.to_string()),
                };
                Some((Some(name(&note)), data(&note).to_string()))
            }
        },
        FeedMessage::Beat => None,
        FeedMessage::CaughtUp(_)
        | FeedMessage::FellBehind { .. }
        | FeedMessage::Reached(_)
        | FeedMessage::Ended { .. } => Some((Some(name(note)), data(note).to_string())),
    }
}

/// Name of the last message of a stream.
pub const END: &str = "end";

/// Returns the name of a message as clients see it.
pub const fn name(note: &FeedMessage) -> &'static str {
    match note {
        FeedMessage::Event(_) => "event",
        FeedMessage::Beat => "beat",
        FeedMessage::CaughtUp(_) => "caught-up",
        FeedMessage::FellBehind { .. } => "fell-behind",
        FeedMessage::Reached(_) => "position",
        FeedMessage::Ended { .. } => END,
    }
}

/// Returns the JSON data of a message, with the position after which to resume; empty for events and
/// heartbeats.
pub fn data(note: &FeedMessage) -> Value {
    match note {
        FeedMessage::Event(_) | FeedMessage::Beat => json!({}),
        FeedMessage::CaughtUp(at) | FeedMessage::Reached(at) => json!({ "position": at.to_string() }),
        FeedMessage::FellBehind { at, head } => {
            json!({ "position": at.to_string(), "head": head.to_string() })
        }
        FeedMessage::Ended { at, why } => json!({ "position": at.to_string(), "reason": why.text() }),
    }
}

impl FeedEnd {
    pub fn text(&self) -> Cow<'static, str> {
        match self {
            Self::Stopping => "the server stops".into(),
            Self::NotAllowed => "you may no longer follow: the key, the role or the session has ended".into(),
            Self::Lost(NameLossReason::TakenOver) => "another client follows under this name".into(),
            Self::Lost(NameLossReason::Reset) => {
                "the subscriber's position was reset: reconnect without a position".into()
            }
            Self::Lost(NameLossReason::Removed) => "the subscriber was removed".into(),
            Self::Unavailable => "the log cannot be read now".into(),
            Self::Damaged(why) => format!(
                "the log is damaged behind this position: {why}; `ledgerline audit verify` shows the place; \
                 reconnecting does not help"
            )
            .into(),
        }
    }
}
