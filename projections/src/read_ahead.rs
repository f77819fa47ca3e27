//! Stored events made ready for views, while the views take those before.

use crate::error::ProjectionError;
use crate::view::{Handles, View, ViewEvent};
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Events read at once, and in one transaction while views follow the log: enough to spread its commit, few
/// enough that readers see news at once.
pub const BATCH_EVENTS_MAX: usize = 512;

/// Events in one transaction while views catch up: rows that change often are written once for all of them,
/// and so are the pages of an index by call or customer, which take rows anywhere.
pub const CATCH_UP_EVENTS_MAX: usize = 32_768;

/// Events in one transaction of views that are not far behind, beside the last page: an import appends faster
/// than they take, for hours, and what is held for one transaction is memory that nobody else has.
pub(crate) const FOLLOWING_EVENTS_MAX: usize = 1_024;

/// Events that views lack and are still not far behind: twice what an import may be ahead of them.
pub(crate) const FOLLOWING_BEHIND_MAX: u64 = 200_000;

/// A catching-up transaction takes no more pages beyond so many bytes of records: wide ones come in smaller
/// batches.
const CATCH_UP_BYTES_MAX: usize = 32 * 1024 * 1024;

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
            events.push(self.one(event));
        }
        Arc::new(events)
    }

    /// As `read`, on a thread that nobody else needs.
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
            view.is_typed() && view.handles() != Handles::All && view.handles().takes(kind)
        };
        self.views.iter().any(named)
    }

    /// The next events up to and including `end`, ready, and the position of the last; `None` when there are
    /// none.
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

/// Pages on their way through the thread that makes them ready: one there, one that waits to be applied.
const PAGES_READY_MAX: usize = 2;

/// Makes pages ready in order: on a thread of its own, one or two ahead, or when the next is asked for.
pub(crate) struct Ready {
    place: Place,
    underway: usize,
}

enum Place {
    Here(Reader, VecDeque<Vec<StoredEvent>>),
    Thread {
        pages: mpsc::Sender<Vec<StoredEvent>>,
        batches: mpsc::Receiver<Events>,
    },
}

impl Ready {
    /// The thread ends when this is dropped.
    pub(crate) fn begin(reader: Reader, tasks: Option<&dyn Tasks>) -> Self {
        let place = match tasks {
            None => Place::Here(reader, VecDeque::new()),
            Some(tasks) => {
                let (pages, waiting) = mpsc::channel(PAGES_READY_MAX);
                let (done, batches) = mpsc::channel(PAGES_READY_MAX);
                tasks.thread("reading", Box::new(move || make_ready(&reader, waiting, &done)));
                Place::Thread { pages, batches }
            }
        };
        Self { place, underway: 0 }
    }

    /// Whether one more page may be put before one is taken.
    pub(crate) const fn has_room(&self) -> bool {
        self.underway < PAGES_READY_MAX
    }

    pub(crate) async fn put(&mut self, page: Vec<StoredEvent>) -> Result<(), ProjectionError> {
        match &mut self.place {
            Place::Here(_, waiting) => waiting.push_back(page),
            Place::Thread { pages, .. } => pages.send(page).await.map_err(|_gone| gone())?,
        }
        self.underway += 1;
        Ok(())
    }

    /// The first page that was put and not taken; `None` when there is none.
    pub(crate) async fn take(&mut self) -> Result<Option<Events>, ProjectionError> {
        if self.underway == 0 {
            return Ok(None);
        }
        self.underway -= 1;
        match &mut self.place {
            Place::Here(reader, waiting) => match waiting.pop_front() {
                Some(page) => Ok(Some(reader.read(&page).await)),
                None => Ok(None),
            },
            Place::Thread { batches, .. } => batches.recv().await.map(Some).ok_or_else(gone),
        }
    }
}

/// Until nobody puts or takes any more. Events are let go here too, once they were applied: freeing them
/// costs a third of reading them.
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
