//! One walk over the log from its first event to a position, with the tree's root over what was walked: what
//! reports and samples rest on, so that anybody who has the log comes to the same.

use crate::reply::{Kind, Problem};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::event_filter::EventFacts;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use store::proof::{RootFold, event_hash};

/// The log up to a position.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct LogEnd {
    pub(crate) position: Position,
    /// Events up to there.
    pub(crate) size: u64,
    /// Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub(crate) root: String,
}

/// Hands every event up to `upto`, or up to the head at the time of asking, to `take`.
pub(crate) async fn walk(
    store: &dyn EventStore,
    upto: Option<Position>,
    take: &mut (dyn FnMut(&StoredEvent, &EventFacts<'_>) -> Result<(), Problem> + Send),
) -> Result<LogEnd, Problem> {
    let head = store.head().await?;
    let last = upto.unwrap_or(head);
    if last > head {
        return Err(Problem::new(
            Kind::Refused,
            "position-in-the-future",
            format!("the log ends at position {head}"),
        ));
    }
    let mut root = RootFold::new();
    let mut reached = Position(0);
    'log: loop {
        let page = store.read_all(reached, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            if event.position > last {
                break 'log;
            }
            root.push(&event_hash(event));
            take(event, &EventFacts::of(event).map_err(unreadable)?)?;
            reached = event.position;
        }
    }
    Ok(LogEnd {
        position: reached,
        size: root.size(),
        root: BASE64_STANDARD.encode(root.root()),
    })
}

/// A record that this build cannot read stops the walk: what it says is not known.
pub(crate) fn unreadable(error: UnreadableRecord) -> Problem {
    Problem::fault(&error.to_string())
}
