//! The store in a KurrentDB cluster, or in a server that speaks its protocol. Several processes may write the
//! same log.
//!
//! Stream versions count from 1, KurrentDB's revisions from 0. Positions are the server's and have gaps. An
//! event's data is the record, byte for byte. `recorded_at` is in its custom metadata and comes from the
//! clock of the process that appends; it is never below a value that this process has seen, but may differ
//! between processes by their clocks.
//!
//! The server recognizes a repeat by its expected version; the port requires recognition by event id.
//! Therefore this store knows the ids of the stream's events before it appends, from reading the stream, as
//! an entity does anyway, or from its own appends. It cannot detect an id that is stored on another stream
//! without reading the whole log. The server behind `serve --kurrent-listen` refuses these; KurrentDB itself
//! does not (docs/reference/kurrentdb.md).
//!
//! One connection follows the end of the log and wakes every subscription. Subscriptions read pages, so none
//! is dropped for being slow, and all continue when an unreachable server is back.

mod appender;
mod connect;
mod events;
mod id_cache;
mod reader;
mod tail;

use crate::batch;
use crate::error::OpenError;
use crate::subscription::{Head, LiveSubscription, SUBSCRIPTIONS_MAX, closed};
use appender::Appender;
use async_trait::async_trait;
use connect::Link;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError, Subscription,
    WriterConcurrency,
};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use reader::{PatientPages, Reader};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The most appends in progress at once; a further one is answered `Busy`. Each is a gRPC call of its own.
const APPENDS_MAX: u32 = 256;

/// The options of a KurrentDB store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KurrentOptions {
    /// The prefix of every stream's name, so that a log can share a server with other data. Empty for a
    /// server of its own. The URL parameter `namespace` overrides it.
    pub namespace: String,
    /// The most appends in progress at once.
    pub appends_max: u32,
}

impl Default for KurrentOptions {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            appends_max: APPENDS_MAX,
        }
    }
}

/// An event store in a KurrentDB cluster. Its task, which follows the log, ends when the store and its
/// subscriptions are dropped; `close` ends it at once.
pub struct KurrentEventStore {
    reader: Arc<Reader>,
    appender: Appender,
    clock: Arc<dyn Clock>,
    head: Arc<watch::Sender<Head>>,
    subscriptions: Arc<Semaphore>,
    appends: Semaphore,
    appends_max: u32,
    /// Set to true to end the tail task. Dropping the sender also ends it.
    closing: watch::Sender<bool>,
}

impl KurrentEventStore {
    /// Connects and reads the end of the log. The URL is KurrentDB's connection string
    /// (`kurrent://user:password@host:2113?tls=false`), with an optional `namespace=…`.
    ///
    /// `clock` supplies `recorded_at` and the waits between retries. `tasks` runs the one task, which follows
    /// the log.
    pub async fn connect(
        url: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
        options: &KurrentOptions,
    ) -> Result<Self, OpenError> {
        let (link, namespace) = Link::open(url, options)?;
        let link = Arc::new(link);
        let reader = Arc::new(Reader::new(Arc::clone(&link), namespace, Arc::clone(&clock)));
        let last = reader.last().await.map_err(|error| link.unavailable(&error))?;
        let head = Arc::new(watch::Sender::new(Head::default()));
        tail::advance(&head, last.as_ref());
        let (closing, closed) = watch::channel(false);
        let tail = tail::Tail {
            reader: Arc::clone(&reader),
            clock: Arc::clone(&clock),
            head: Arc::downgrade(&head),
            after: last.map_or(Position(0), |last| last.position),
            closed,
            stop: tasks.stop_signal(),
        };
        tasks.spawn("event store tail", Box::pin(tail.run()));
        Ok(Self {
            appender: Appender::new(Arc::clone(&reader), Arc::clone(&clock), Arc::clone(&head)),
            reader,
            clock,
            head,
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            appends: Semaphore::new(options.appends_max.max(1) as usize),
            appends_max: options.appends_max.max(1),
            closing,
        })
    }

    /// Waits for appends in progress, then ends all subscriptions and the task that follows the log. Later
    /// appends fail.
    pub async fn close(&self) {
        // An error means that the store is already closed.
        drop(self.appends.acquire_many(self.appends_max).await);
        self.appends.close();
        self.closing.send_replace(true);
        self.head.send_modify(|head| head.failed = Some(closed()));
    }
}

#[async_trait]
impl EventStore for KurrentEventStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: false,
            durable: true,
            writers: WriterConcurrency::ManyProcesses,
        }
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        batch::check(stream, expected, &records)?;
        let _place = self.appends.try_acquire().map_err(|refused| match refused {
            tokio::sync::TryAcquireError::NoPermits => StoreError::Busy,
            tokio::sync::TryAcquireError::Closed => closed(),
        })?;
        self.appender.append(stream, expected, &records, None).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self
            .reader
            .stream(stream, after, limit.min(PAGE_EVENTS_MAX))
            .await?;
        self.appender.learn(stream, after, &events);
        Ok(events)
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.reader.all(after, limit.min(PAGE_EVENTS_MAX)).await
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.reader
            .matching(filter, after, limit.min(PAGE_EVENTS_MAX))
            .await
    }

    /// Copies events batch by batch, with their `recorded_at`. Not atomic over several batches: those that
    /// were stored stay, and are skipped when the same events are loaded again. Refused if the server assigns
    /// its own `recorded_at`, because proofs cover it.
    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        if events.is_empty() || events.len() > PAGE_EVENTS_MAX {
            let why = format!("1 to {PAGE_EVENTS_MAX} events can be loaded at once");
            return Err(StoreError::Invalid(why));
        }
        self.appender.load(&events).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let last = self.reader.last().await?;
        tail::advance(&self.head, last.as_ref());
        Ok(last.map_or(Position(0), |last| last.position))
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.reader.last().await?.map(|last| last.recorded_at))
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        let Ok(place) = Arc::clone(&self.subscriptions).try_acquire_owned() else {
            return Err(StoreError::Busy);
        };
        let pages = PatientPages {
            reader: Arc::clone(&self.reader),
            clock: Arc::clone(&self.clock),
            head: self.head.subscribe(),
        };
        Ok(Box::new(LiveSubscription {
            pages: Arc::new(pages),
            after,
            head: self.head.subscribe(),
            ahead: std::collections::VecDeque::new(),
            _place: place,
        }))
    }
}
