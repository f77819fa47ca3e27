//! The embedded default store: one SQLite file in WAL mode with full sync, and an index of it that is
//! written later.
//!
//! Appends are queued, committed in groups by one writer thread, and answered after the commit; a separate
//! thread adds them to the index. A few reader threads serve reads and never wait for the writer. Another
//! process may open the same directory for reading while one writes; it polls for new events.

mod appender;
mod columns;
mod digest;
mod fill_mark;
mod index;
mod pool;
mod reader;
mod recent_events;
mod recovery_task;
mod row;
mod schema;
mod writer;

#[cfg(test)]
mod tests;

use crate::batch;
use crate::durable_file;
use crate::error::OpenError;
use crate::lanes::QueueCapacity;
use crate::log_import;
use crate::subscription::{Head, LiveSubscription, Pages, PollingSubscription, SUBSCRIPTIONS_MAX, closed};
use appender::{Appender, Batch};
use async_trait::async_trait;
pub use columns::find_misleading;
use domain::event_filter::EventFilter;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, StoreError, Subscription, WriterConcurrency,
};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion, WritePriority};
use domain::time::Timestamp;
pub use fill_mark::{begin_filling, end_filling};
use index::{Feeder, IndexLookup, ReaderIndex, Tail};
pub use index::{INDEX_FILE, IndexRemade};
use pool::{Pool, PublishedHead};
use reader::{Bookmarks, IndexSource, Query, Reader};
use recent_events::RecentEvents;
use rusqlite::Connection;
pub use schema::EVENTS_FILE;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use writer::{Append, Request, Writer};

/// The most events of a stream that are read in the caller's thread: as many as most streams have, in a few
/// pages of the file.
const READ_HERE_EVENTS_MAX: usize = 32;

/// The options of an SQLite store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// The most appends that wait for the writer; a further one is answered `Busy`.
    pub append_queue_max: usize,
    /// The number of reader threads, each with its own connection.
    pub reader_threads: usize,
    /// Also opens a log that is incomplete. For the command that fills it.
    pub half_filled: bool,
}

impl Default for SqliteOptions {
    /// Returns the defaults: the queue holds one group of single events, and two readers serve a machine with
    /// two cores.
    fn default() -> Self {
        Self {
            append_queue_max: writer::GROUP_APPENDS_MAX,
            reader_threads: 2,
            half_filled: false,
        }
    }
}

/// An event store in `DIR/events.db`. Dropping it and its subscriptions ends its threads; `close` also waits
/// for them.
pub struct SqliteEventStore {
    pool: Arc<Pool>,
    subscriptions: Arc<Semaphore>,
    mode: Mode,
}

enum Mode {
    Writing {
        requests: mpsc::Sender<Request>,
        room: QueueCapacity,
        head: watch::Receiver<Head>,
        index_remade: Option<IndexRemade>,
    },
    /// Another process may be writing.
    Reading { clock: Arc<dyn Clock> },
}

impl SqliteEventStore {
    /// Opens `dir` for writing and creates what is missing. The caller holds the directory's `DataLock`.
    ///
    /// Blocks until recovery is done. `clock` supplies `recorded_at`; `tasks` runs the threads and a task
    /// that answers, so this is called within its runtime.
    pub fn open(
        dir: &Path,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        fill_mark::permit(dir, options.half_filled)?;
        Self::start(schema::open_writer(dir)?, dir, clock, tasks, options)
    }

    fn start(
        connection: Connection,
        dir: &Path,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &SqliteOptions,
    ) -> Result<Self, OpenError> {
        let made = index::open_up_to_date(&connection, dir)?;
        let tail = Arc::new(Tail::new(made.reached));
        let failed = |error: rusqlite::Error| durable_file::failed(&dir.join(EVENTS_FILE), &error);
        let places = IndexLookup::open(dir, Arc::clone(&tail)).map_err(failed)?;
        let feeder = Feeder::start(made.index, Arc::clone(&tail), tasks);
        let recent = Arc::<RecentEvents>::default();
        let kept = Arc::clone(&recent);
        let appender = Appender::new(connection, places, feeder, kept, clock).map_err(failed)?;
        let finding = IndexSource::Live {
            tail,
            file: dir.join(INDEX_FILE),
        };
        let (position, recorded_at) = appender.last();
        let (head, watched) = watch::channel(Head {
            position,
            recorded_at,
            failed: None,
        });
        let published = PublishedHead {
            head: watched.clone(),
            recent,
        };
        let pool = open_pool(dir, (finding, Some(published)), tasks, options)?;
        let mending_clock = Arc::clone(appender.clock());
        let (requests, receiver) = mpsc::channel(options.append_queue_max.max(1));
        let writer = Writer {
            appender,
            head,
            failed: None,
            answered: 0,
            answer_sender: writer::start_answer_task(tasks),
        };
        tasks.thread("event store writer", Box::new(move || writer.run(receiver)));
        let mending = recovery_task::run(requests.downgrade(), watched.clone(), mending_clock);
        tasks.spawn("event store mending", Box::pin(mending));
        Ok(Self {
            pool,
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            mode: Mode::Writing {
                requests,
                room: QueueCapacity::default(),
                head: watched,
                index_remade: made.remade,
            },
        })
    }

    /// Opens an existing store for reading; another process may be writing it. Appends are refused.
    /// Subscriptions look for new events every 200 ms of `clock`.
    pub fn open_read_only(dir: &Path, clock: Arc<dyn Clock>, tasks: &dyn Tasks) -> Result<Self, OpenError> {
        fill_mark::permit(dir, false)?;
        let finding = IndexSource::Beside(Arc::new(ReaderIndex::new(dir)));
        Ok(Self {
            pool: open_pool(dir, (finding, None), tasks, &SqliteOptions::default())?,
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            mode: Mode::Reading { clock },
        })
    }

    /// Returns why nothing is acknowledged at present: a commit failed and the log is not recovered yet, or
    /// the store was closed. `None` if there is no failure. `Damaged`: this process cannot continue with the
    /// log; a restart may.
    pub fn failure(&self) -> Option<StoreError> {
        match &self.mode {
            Mode::Writing { head, .. } => head.borrow().failed.clone(),
            Mode::Reading { .. } => None,
        }
    }

    /// Returns what was wrong with the index if it had to be built again when the log was opened. The caller
    /// records it.
    pub fn index_remade(&self) -> Option<&IndexRemade> {
        match &self.mode {
            Mode::Writing { index_remade, .. } => index_remade.as_ref(),
            Mode::Reading { .. } => None,
        }
    }

    /// Returns the writer's queue, and its remaining capacity.
    fn writing(&self) -> Result<(&mpsc::Sender<Request>, &QueueCapacity), StoreError> {
        match &self.mode {
            Mode::Writing { requests, room, .. } => Ok((requests, room)),
            Mode::Reading { .. } => Err(StoreError::Invalid(
                "the store is open for reading only".to_owned(),
            )),
        }
    }

    /// Sends one batch to the writer, in its lane, and waits for the answer.
    async fn queue(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
        urgency: WritePriority,
    ) -> Result<Position, StoreError> {
        let (requests, room) = self.writing()?;
        batch::check(stream, expected, &records)?;
        let batch = Batch {
            stream: stream.clone(),
            expected,
            records,
        };
        let share = room.share(batch.bytes(), urgency)?;
        let (answer, answered) = oneshot::channel();
        let append = Append {
            batch,
            urgency,
            answer,
            _share: share,
        };
        self.send(requests, Request::Append(append))?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    fn send(&self, requests: &mpsc::Sender<Request>, request: Request) -> Result<(), StoreError> {
        requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => self.failure().unwrap_or_else(closed),
        })
    }

    /// Commits the queued appends, ends the threads and waits for their end. Later calls return
    /// `Unavailable`.
    ///
    /// All users of the store end before. The supervisor's stop comes after, because it waits for threads.
    pub async fn close(&self) {
        // The writer is last: only a writing connection can remove the write-ahead log.
        self.pool.close().await;
        if let Mode::Writing { requests, .. } = &self.mode {
            let (closer, ended) = oneshot::channel();
            if requests.send(Request::Close(closer)).await.is_ok() {
                // An error is expected: the writer drops the sender when it ends.
                drop(ended.await);
            }
        }
    }
}

fn open_pool(
    dir: &Path,
    (finding, writer): (IndexSource, Option<PublishedHead>),
    tasks: &dyn Tasks,
    options: &SqliteOptions,
) -> Result<Arc<Pool>, OpenError> {
    let bookmarks = Arc::new(Bookmarks::default());
    let open = |_| {
        let connection = schema::open_reader(dir)?;
        Ok(Reader::new(connection, finding.clone(), Arc::clone(&bookmarks)))
    };
    let readers = (0..options.reader_threads.max(1))
        .map(open)
        .collect::<Result<_, _>>()?;
    // In a reading process a lookup may first build an index, which an executor thread should not wait for.
    let at_hand_count = match finding {
        IndexSource::Live { .. } => pool::AT_HAND_COUNT,
        IndexSource::Beside(_) => 0,
    };
    let at_hand = (0..at_hand_count).map(open).collect::<Result<_, _>>()?;
    Ok(Arc::new(Pool::start(readers, at_hand, writer, tasks)))
}

#[async_trait]
impl EventStore for SqliteEventStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: true,
            writers: WriterConcurrency::OneProcess,
        }
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.queue(stream, expected, records, WritePriority::First).await
    }

    async fn append_behind(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.queue(stream, expected, records, WritePriority::Behind).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let query = |after, limit| Query::Stream {
            stream: stream.clone(),
            after,
            limit,
        };
        // A read from version 0 is usually an entity that is being loaded; a further page belongs to a
        // long stream.
        let few = limit.min(READ_HERE_EVENTS_MAX);
        let here = (after.0 == 0)
            .then(|| self.pool.read_here(&query(after, few)))
            .flatten();
        let Some(first) = here else {
            return Ok(self.pool.ask(query(after, limit)).await?.events);
        };
        let mut events = first?.events;
        if events.len() == few && few < limit {
            let after = StreamVersion(events.len() as u64);
            events.extend(self.pool.ask(query(after, limit - few)).await?.events);
        }
        Ok(events)
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.pool.ask(Query::All { after, limit }).await?.events)
    }

    async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        Ok(self.pool.ask(Query::Id(id)).await?.events.pop())
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let filter = filter.clone();
        self.pool.ask(Query::Matching { filter, after, limit }).await
    }

    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        let batches = log_import::batches(events)?;
        let (answer, answered) = oneshot::channel();
        self.send(self.writing()?.0, Request::Load(batches, answer))?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        match &self.mode {
            Mode::Writing { head, .. } => Ok(head.borrow().position),
            Mode::Reading { .. } => {
                let last = self.pool.ask(Query::Last).await?.events;
                Ok(last.last().map_or(Position(0), |event| event.position))
            }
        }
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.mode {
            Mode::Writing { head, .. } => Ok(head.borrow().recorded_at),
            Mode::Reading { .. } => {
                let last = self.pool.ask(Query::Last).await?.events;
                Ok(last.last().map(|event| event.recorded_at))
            }
        }
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        let Ok(place) = Arc::clone(&self.subscriptions).try_acquire_owned() else {
            return Err(StoreError::Busy);
        };
        let pages = Arc::clone(&self.pool) as Arc<dyn Pages>;
        Ok(match &self.mode {
            Mode::Writing { head, .. } => Box::new(LiveSubscription {
                pages,
                after,
                head: head.clone(),
                ahead: std::collections::VecDeque::new(),
                _place: place,
            }),
            Mode::Reading { clock } => Box::new(PollingSubscription {
                pages,
                after,
                clock: Arc::clone(clock),
                _place: place,
            }),
        })
    }
}
