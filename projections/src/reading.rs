//! Stored events made ready for views, while the views take those before.

use crate::error::ProjectionError;
use crate::runner::{BATCH_EVENTS_MAX, CATCH_UP_EVENTS_MAX};
use crate::view::{Handles, View, ViewEvent};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::sync::Arc;

/// A catching-up transaction takes no more pages beyond so many bytes of records: wide ones come in smaller
/// batches.
const CATCH_UP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Events read between two chances for other tasks: well under a millisecond.
const READ_AT_ONCE_MAX: usize = 128;

/// Events ready for the views.
pub(crate) type Events = Arc<Vec<Result<ViewEvent, UnreadableRecord>>>;

/// Whether events that were gathered are enough for one transaction: what is in memory at once has a limit,
/// however far the views are behind.
pub(crate) fn is_full(gathered: &[StoredEvent]) -> bool {
    let bytes: usize = gathered.iter().map(|event| event.record.len()).sum();
    gathered.len() >= CATCH_UP_EVENTS_MAX || bytes >= CATCH_UP_BYTES_MAX
}

/// Makes stored events ready for views: envelopes and, where a view names the kind, their data.
pub(crate) struct Reader {
    views: Arc<[Arc<dyn View>]>,
}

impl Reader {
    pub(crate) fn new(views: &Arc<[Arc<dyn View>]>) -> Self {
        Self {
            views: Arc::clone(views),
        }
    }

    /// Lets other tasks go first now and then.
    pub(crate) async fn read(&self, stored: &[StoredEvent]) -> Events {
        let mut events = Vec::with_capacity(stored.len());
        for (index, event) in stored.iter().enumerate() {
            if index % READ_AT_ONCE_MAX == READ_AT_ONCE_MAX - 1 {
                tokio::task::yield_now().await;
            }
            let event = ViewEvent::read(event);
            if let Ok(event) = &event
                && self.is_typed(&event.envelope.kind)
            {
                event.read_ahead();
            }
            events.push(event);
        }
        Arc::new(events)
    }

    fn is_typed(&self, kind: &str) -> bool {
        let named = |view: &Arc<dyn View>| view.handles() != Handles::All && view.handles().takes(kind);
        self.views.iter().any(named)
    }

    /// The next events up to and including `end`, ready, and the position of the last; `None` when there are
    /// none.
    pub(crate) async fn next(
        &self,
        store: &dyn EventStore,
        (mut after, end): (Position, Position),
    ) -> Result<Option<(Events, Position)>, ProjectionError> {
        let mut stored = Vec::new();
        while !is_full(&stored) && after < end {
            let mut page = store.read_all(after, BATCH_EVENTS_MAX).await.map_err(away)?;
            page.retain(|event: &StoredEvent| event.position <= end);
            let Some(last) = page.last() else { break };
            after = last.position;
            stored.append(&mut page);
        }
        if stored.is_empty() {
            return Ok(None);
        }
        Ok(Some((self.read(&stored).await, after)))
    }
}

fn away(error: StoreError) -> ProjectionError {
    match error {
        StoreError::Damaged(why) => ProjectionError::Corrupt(why),
        other => ProjectionError::Unavailable(other.to_string()),
    }
}
