//! Where a stretch of the log begins that is to be looked through again after a start.

use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;
use domain::time::Timestamp;

/// A position before which everything was recorded before `since`: times never decrease along the log.
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
