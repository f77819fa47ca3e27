//! The store in a PostgreSQL database, which several processes may write. Batches are written in groups; each
//! group is one call and one transaction.
//!
//! Positions are assigned under the lock of one row, so they are dense and in commit order for all writers;
//! the expected version protects a stream against concurrent processes. Unlike the embedded store, this one
//! survives failures of its database: a write without a response is looked up by its event ids before it is
//! answered, and writers and subscriptions continue when the server is back. Connections are direct, with TLS
//! if the URL says so; a pooler that shares connections cannot carry notifications or locks.

mod appender;
mod columns;
mod confirmation;
mod connect;
mod driver_lock;
mod filter_query;
mod group;
mod listener;
mod load;
mod options;
mod outage;
mod outcome;
mod peer_stores;
mod prefetch;
mod reader;
mod row;
pub(crate) mod runtime_connector;
mod safety;
mod schema;
mod shared_values;
mod single_event;
mod write_status;
mod writer;

use crate::batch;
use crate::error::OpenError;
use crate::lanes::QueueCapacity;
use crate::subscription::{Head, SUBSCRIPTIONS_MAX, closed};
use appender::{Appender, Limits};
use async_trait::async_trait;
pub use connect::Timeouts;
use connect::{Address, ConnectionDriver, Link, drive, unavailable};
use domain::event_filter::EventFilter;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, StoreError, Subscription, WriterConcurrency,
};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion, WritePriority};
use domain::time::Timestamp;
pub use driver_lock::{DriverLock, DriverLockClient, LOCK_MS, LockAnswer, LockTime};
use group::Batch;
use listener::{Listener, LogSubscription};
pub use options::PostgresOptions;
use peer_stores::PeerStores;
use prefetch::ReadPrefetcher;
use reader::Reader;
use safety::Settings;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_postgres::{Client, Config};
use write_status::WriteStatus;
use writer::{Append, Request, Writer};

/// The ranges of the log that one long read requests in parallel: while one is sent, the next is searched.
const STRETCHES_AT_ONCE: usize = 2;

/// An event store in the schema `ledgerline` of a PostgreSQL database. Dropping it and its subscriptions ends
/// its tasks; `close` also waits for the writer.
pub struct PostgresEventStore {
    reader: Arc<Reader>,
    ahead: ReadPrefetcher,
    clock: Arc<dyn Clock>,
    head: watch::Receiver<Head>,
    subscriptions: Arc<Semaphore>,
    /// Set to true to end the listener. Dropping the sender also ends it.
    closing: watch::Sender<bool>,
    head_sender: Arc<watch::Sender<Head>>,
    durable: bool,
    others: Arc<PeerStores>,
    writable: Arc<WriteStatus>,
    /// `None` if opened read-only.
    writing: Option<WriteHandle>,
}

struct WriteHandle {
    requests: mpsc::Sender<Request>,
    room: QueueCapacity,
}

/// What `open` learns about the database before the store starts its tasks.
struct DatabaseFacts {
    config: Address,
    durable: bool,
    position: Position,
}

impl PostgresEventStore {
    /// Connects for writing, and creates or upgrades the schema. Any number of processes may do so at once.
    ///
    /// `clock` supplies `recorded_at` and times timeouts and polling; `tasks` runs the tasks. Fails for a URL
    /// that is invalid or asks for an unsupported TLS mode, a newer schema, and a server that may lose data.
    pub async fn connect(
        url: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &PostgresOptions,
    ) -> Result<Self, OpenError> {
        let opened = open(url, &*clock, options, Purpose::Write).await?;
        let limits = Limits {
            allow_unsafe: options.allow_unsafe,
            statement_ms: options.timeouts.statement_ms,
            away_ms: options.away_ms,
        };
        let appender = Appender::new(opened.config.clone(), Arc::clone(&clock), limits);
        let mut store = Self::begin(opened, clock, tasks, options)?;
        let (requests, receiver) = mpsc::channel(options.append_queue_max.max(1));
        let writer = Writer {
            appender,
            head: Arc::clone(&store.head_sender),
            answered: 0,
            others: Arc::clone(&store.others),
            writable: Arc::clone(&store.writable),
        };
        tasks.spawn("event store writer", Box::pin(writer.run(receiver)));
        store.writing = Some(WriteHandle {
            requests,
            room: QueueCapacity::default(),
        });
        Ok(store)
    }

    /// Connects to an existing log for reading; appends fail. Fails if the database has no log.
    pub async fn connect_read_only(
        url: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &PostgresOptions,
    ) -> Result<Self, OpenError> {
        let opened = open(url, &*clock, options, Purpose::Read).await?;
        Self::begin(opened, clock, tasks, options)
    }

    fn begin(
        opened: DatabaseFacts,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &PostgresOptions,
    ) -> Result<Self, OpenError> {
        let config = opened.config;
        let reader = Reader::new(config.clone(), Arc::clone(&clock), options)
            .map_err(|error| unavailable(&config, &error.to_string()))?;
        let reader = Arc::new(reader);
        let (head_sender, head) = watch::channel(Head {
            position: opened.position,
            ..Head::default()
        });
        let head_sender = Arc::new(head_sender);
        let others = Arc::new(PeerStores::default());
        let writable = Arc::new(WriteStatus::default());
        let (closing, watched) = watch::channel(false);
        let ahead = ReadPrefetcher::begin(Arc::clone(&reader), watched.clone(), tasks);
        let listener = Listener {
            config,
            clock: Arc::clone(&clock),
            head: Arc::clone(&head_sender),
            others: Arc::clone(&others),
            writable: Arc::clone(&writable),
            closing: watched,
        };
        tasks.spawn("event store listener", Box::pin(listener.run()));
        Ok(Self {
            reader,
            ahead,
            clock,
            head,
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            closing,
            head_sender,
            durable: opened.durable,
            others,
            writable,
            writing: None,
        })
    }

    /// Returns why no append will ever be acknowledged again: the store was closed. `None` while the
    /// database is only unreachable; the store waits for it and continues.
    pub fn failure(&self) -> Option<StoreError> {
        self.head.borrow().failed.clone()
    }

    /// Returns why an append would not be acknowledged at present: the database is unreachable, is read-only,
    /// or refused the last append a moment ago. Later appends may succeed.
    pub fn refuses(&self) -> Option<StoreError> {
        let heard = || self.writable.failure(self.clock.now());
        self.writing.as_ref().and_then(|_| heard())
    }

    /// Sends one batch to the writer and waits for the answer. Returns `Busy` if its priority's lane is full.
    async fn queue(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
        urgency: WritePriority,
    ) -> Result<Position, StoreError> {
        let Some(writing) = &self.writing else {
            return Err(StoreError::Invalid(
                "the store is open for reading only".to_owned(),
            ));
        };
        batch::check(stream, expected, &records)?;
        let batch = Batch::new(stream.clone(), expected, records);
        let share = writing.room.share(batch.bytes(), urgency)?;
        let (answer, answered) = oneshot::channel();
        let append = Append {
            batch,
            urgency,
            answer,
            share,
        };
        match writing.requests.try_send(Request::Append(append)) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(closed())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
        }
    }

    /// Commits the queued appends, then ends the tasks and closes the connections. Later calls return
    /// `Unavailable`. Its users must end before.
    pub async fn close(&self) {
        if let Some(writing) = &self.writing {
            let (closer, ended) = oneshot::channel();
            if writing.requests.send(Request::Close(closer)).await.is_ok() {
                // An error is expected: the writer drops the sender when it ends.
                drop(ended.await);
            }
        }
        self.closing.send_replace(true);
        self.reader.close();
        self.head_sender.send_modify(|head| {
            head.failed.get_or_insert_with(closed);
        });
    }
}

enum Purpose {
    Read,
    Write,
}

async fn open(
    url: &str,
    clock: &dyn Clock,
    options: &PostgresOptions,
    purpose: Purpose,
) -> Result<DatabaseFacts, OpenError> {
    let config = connect::configure(url, &options.timeouts)?;
    let link = Link::open(&config)
        .await
        .map_err(|error| unavailable(&config, &connect::text(&error)))?;
    let (client, mut connection) = link.split();
    match purpose {
        Purpose::Read => schema::check(&client, &mut connection, &config, clock).await?,
        Purpose::Write => schema::migrate(&client, &mut connection, &config, clock).await?,
    }
    let (settings, position, filled_by) = look(&client, &mut connection, &config, clock).await?;
    shared_values::permit(&config, filled_by, options.half_filled)?;
    if matches!(purpose, Purpose::Write) {
        settings
            .permit(options.allow_unsafe)
            .map_err(|why| unavailable(&config, &why))?;
    }
    Ok(DatabaseFacts {
        config,
        durable: settings.are_durable(),
        position,
    })
}

async fn look(
    client: &Client,
    connection: &mut ConnectionDriver,
    config: &Config,
    clock: &dyn Clock,
) -> Result<(Settings, Position, Option<String>), OpenError> {
    let asked = async {
        let settings = Settings::read(client).await?;
        let row = client.query_one("SELECT pos FROM ledgerline.head", &[]).await?;
        let position = Position(row::unsigned(row.try_get(0)?));
        Ok((settings, position, shared_values::filled_by(client).await?))
    };
    drive(connection, clock, connect::STATEMENT_MS, asked)
        .await
        .ok_or_else(|| unavailable(config, "the database does not answer"))?
        .map_err(|error| unavailable(config, &connect::text(&error)))
}

#[async_trait]
impl EventStore for PostgresEventStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: self.durable,
            writers: WriterConcurrency::ManyProcesses,
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
        self.reader.stream(stream, after, limit).await
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.reader.log(after, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.reader.last().await.map(|(position, _)| position)
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.reader.last().await.map(|(_, recorded_at)| recorded_at)
    }

    async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.reader.find(id).await
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.ahead.page(filter, after, Position(u64::MAX), limit).await
    }

    async fn read_matching_until(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.ahead.page(filter, after, until, limit).await
    }

    fn stretches_at_once(&self) -> usize {
        STRETCHES_AT_ONCE
    }

    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        if self.writing.is_none() {
            return Err(StoreError::Invalid(
                "the store is open for reading only".to_owned(),
            ));
        }
        load::load(&self.reader.connection().await?, &events).await
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        let Ok(place) = Arc::clone(&self.subscriptions).try_acquire_owned() else {
            return Err(StoreError::Busy);
        };
        Ok(Box::new(LogSubscription {
            reader: Arc::clone(&self.reader),
            after,
            head: self.head.clone(),
            clock: Arc::clone(&self.clock),
            _place: place,
        }))
    }
}
