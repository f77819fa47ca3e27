//! Finds events of a recent period, for drivers that look back after a start.

use domain::event_filter::EventFilter;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use std::sync::Arc;

/// Returns the events of a kind recorded at or after `since`, and possibly a few before it.
pub(super) async fn stored_since(
    store: &dyn EventStore,
    kind: &str,
    since: Timestamp,
) -> Result<Vec<Arc<Envelope>>, StoreError> {
    let head = store.head().await?;
    let filter = EventFilter {
        kinds: vec![kind.to_owned()],
        ..EventFilter::default()
    };
    let mut after = last_before(store, since, head).await?;
    let mut stored = Vec::new();
    loop {
        let page = store
            .read_matching_until(&filter, after, head, PAGE_EVENTS_MAX)
            .await?;
        stored.extend(
            page.events
                .iter()
                .filter_map(|event| event.shared_envelope().ok()),
        );
        if page.reached == after || page.reached >= head {
            return Ok(stored);
        }
        after = page.reached;
    }
}

/// Returns a position up to which all events were recorded before `since`, found by bisection: times never
/// decrease along the log.
pub(super) async fn last_before(
    store: &dyn EventStore,
    since: Timestamp,
    head: Position,
) -> Result<Position, StoreError> {
    let (mut before, mut behind) = (0, head.0);
    while behind.saturating_sub(before) > 1 {
        let middle = before + (behind - before) / 2;
        let page = store.read_all(Position(middle), 1).await?;
        match page.first() {
            Some(event) if event.recorded_at < since => before = event.position.0.min(behind),
            Some(_) | None => behind = middle,
        }
    }
    Ok(Position(before))
}
