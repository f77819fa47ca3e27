//! Prepares stored events for views in advance, while the views apply the previous ones.

use crate::error::ProjectionError;
use crate::view::{HandledKinds, View, ViewEvent};
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Most events read at once, and per transaction while views follow the log. Enough to spread the cost of a
/// commit, few enough that readers see new rows at once.
pub const BATCH_EVENTS_MAX: usize = 512;

/// Most events per transaction while views catch up. A row that changes often is written once for all of
/// them, and so is a page of an index by call or customer, which takes rows in random order.
pub const CATCH_UP_EVENTS_MAX: usize = 32_768;

/// Most events per transaction, besides the last page, of views that are only slightly behind. An import
/// can append faster than views apply for hours, and the transaction's memory is needed elsewhere.
pub(crate) const FOLLOWING_EVENTS_MAX: usize = 1_024;

/// Most events by which a view may lag and still counts as only slightly behind: twice the lag that an
/// import may cause.
pub(crate) const FOLLOWING_BEHIND_MAX: u64 = 200_000;

/// Bytes of records from which a catching-up transaction takes no more pages, so that large records come in
/// smaller batches.
const CATCH_UP_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Number of events that are prepared before the task yields to others: well under a millisecond of work.
const READ_AT_ONCE_MAX: usize = 128;

/// Events that are prepared for the views.
pub(crate) type Events = Arc<Vec<Result<ViewEvent, UnreadableRecord>>>;

/// Returns true if the gathered events fill one transaction. This limits the memory in use, however far the
/// views are behind.
pub(crate) fn is_full(gathered: &[StoredEvent]) -> bool {
    let bytes: usize = gathered.iter().map(|event| event.record.len()).sum();
    gathered.len() >= CATCH_UP_EVENTS_MAX || bytes >= CATCH_UP_BYTES_MAX
}

/// Prepares stored events for views: parses the envelope and, if a view handles the event's kind, the data.
pub(crate) struct Reader {
    views: Arc<[Arc<dyn View>]>,
}

impl Reader {
    pub(crate) fn new(views: &Arc<[Arc<dyn View>]>) -> Self {
        Self {
            views: Arc::clone(views),
        }
    }

    /// Prepares events. Yields to other tasks every `READ_AT_ONCE_MAX` events.
    pub(crate) async fn read(&self, stored: &[StoredEvent]) -> Events {
        let mut events = Vec::with_capacity(stored.len());
        for (index, event) in stored.iter().enumerate() {
            if index % READ_AT_ONCE_MAX == READ_AT_ONCE_MAX - 1 {
                tokio::task::yield_now().await;
            }
            events.push(self.one(event));
        }
        Arc::new(events)
    }

    /// Prepares events as `read` does, without yielding; for a dedicated thread.
    pub(crate) fn read_through(&self, stored: &[StoredEvent]) -> Events {
        Arc::new(stored.iter().map(|event| self.one(event)).collect())
    }

    fn one(&self, stored: &StoredEvent) -> Result<ViewEvent, UnreadableRecord> {
        let event = ViewEvent::read(stored)?;
        if self.is_typed(&event.envelope.kind) {
            event.read_ahead();
        }
        Ok(event)
    }

    fn is_typed(&self, kind: &str) -> bool {
        let named = |view: &Arc<dyn View>| {
            view.is_typed() && view.handles() != HandledKinds::All && view.handles().takes(kind)
        };
        self.views.iter().any(named)
    }

    /// Reads and prepares the next events after `after`, up to and including `end`; at most a full
    /// transaction. Returns them with the position of the last; `None` if there are none.
    pub(crate) async fn next(
        &self,
        store: &dyn EventStore,
        mut after: Position,
        end: Position,
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

/// Most pages in the thread that prepares them: one being prepared and one that waits to be applied.
const PAGES_READY_MAX: usize = 2;

/// Prepares pages in order: on its own thread one or two pages in advance, or, without a thread, when the
/// next page is taken.
pub(crate) struct PagePrefetcher {
    place: PrefetchMode,
    underway: usize,
}

enum PrefetchMode {
    Here(Reader, VecDeque<Vec<StoredEvent>>),
    Thread {
        pages: mpsc::Sender<Vec<StoredEvent>>,
        batches: mpsc::Receiver<Events>,
    },
}

impl PagePrefetcher {
    /// Starts the preparing thread if `tasks` is given. The thread ends when the returned value is
    /// dropped.
    pub(crate) fn begin(reader: Reader, tasks: Option<&dyn Tasks>) -> Self {
        let place = match tasks {
            None => PrefetchMode::Here(reader, VecDeque::new()),
            Some(tasks) => {
                let (pages, waiting) = mpsc::channel(PAGES_READY_MAX);
                let (done, batches) = mpsc::channel(PAGES_READY_MAX);
                tasks.thread("reading", Box::new(move || make_ready(&reader, waiting, &done)));
                PrefetchMode::Thread { pages, batches }
            }
        };
        Self { place, underway: 0 }
    }

    /// Returns true if one more page may be put in before one is taken out.
    pub(crate) const fn has_room(&self) -> bool {
        self.underway < PAGES_READY_MAX
    }

    pub(crate) async fn put(&mut self, page: Vec<StoredEvent>) -> Result<(), ProjectionError> {
        match &mut self.place {
            PrefetchMode::Here(_, waiting) => waiting.push_back(page),
            PrefetchMode::Thread { pages, .. } => pages.send(page).await.map_err(|_gone| gone())?,
        }
        self.underway += 1;
        Ok(())
    }

    /// Removes and returns the oldest page, prepared; waits for it if necessary. `None` if there is none.
    pub(crate) async fn take(&mut self) -> Result<Option<Events>, ProjectionError> {
        if self.underway == 0 {
            return Ok(None);
        }
        self.underway -= 1;
        match &mut self.place {
            PrefetchMode::Here(reader, waiting) => match waiting.pop_front() {
                Some(page) => Ok(Some(reader.read(&page).await)),
                None => Ok(None),
            },
            PrefetchMode::Thread { batches, .. } => batches.recv().await.map(Some).ok_or_else(gone),
        }
    }
}

/// Runs the preparing thread until one of the channels closes. Applied events are freed here too, because
/// freeing them costs a third of reading them.
fn make_ready(reader: &Reader, mut waiting: mpsc::Receiver<Vec<StoredEvent>>, done: &mpsc::Sender<Events>) {
    let mut sent = VecDeque::new();
    while let Some(page) = waiting.blocking_recv() {
        let events = reader.read_through(&page);
        sent.push_back(Arc::clone(&events));
        if sent.len() > PAGES_READY_MAX {
            sent.pop_front();
        }
        if done.blocking_send(events).is_err() {
            return;
        }
    }
}

fn gone() -> ProjectionError {
    ProjectionError::Fault("the thread that reads events has ended".to_owned())
}

fn away(error: StoreError) -> ProjectionError {
    match error {
        StoreError::Damaged(why) => ProjectionError::Corrupt(why),
        other => ProjectionError::Unavailable(other.to_string()),
    }
}
