//! A KurrentDB cluster, or anything that speaks its protocol: many processes may write one log.
//!
//! Versions count from 1 where revisions count from 0; positions are the server's and have gaps. An event's
//! data is the record, byte for byte; `recorded_at` stands in its custom metadata, as this process's clock
//! gave it (never below what it has seen), and so may differ between processes by their clocks.
//!
//! The server tells repeats apart by expected version; the port asks for more. So before it appends, this
//! store knows the ids of the stream's events: from reading it, as an entity does anyway, or from its own
//! appends. What it cannot know without reading the whole log is an id on another stream; the server behind
//! `serve --kurrent-listen` refuses that, a vendor's server does not (docs/reference/kurrentdb.md).
//!
//! One connection follows the end of the log and wakes every subscription; these read pages, so none is
//! dropped for being slow, and all go on by themselves when the server is back.

mod appending;
mod connect;
mod events;
mod known;
mod reading;
mod tail;

use crate::batch;
use crate::error::OpenError;
use crate::subscription::{Head, LiveSubscription, SUBSCRIPTIONS_MAX, closed};
use appending::Appender;
use async_trait::async_trait;
use connect::Link;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    After, Capabilities, EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError, Subscription, Writers,
};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use reading::{PatientPages, Reader};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Appends that may be under way at once; one more is answered `Busy`. Each is a call of its own.
const APPENDS_MAX: u32 = 256;

/// What may be chosen when a store is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KurrentOptions {
    /// Put before every stream's name, so that a log may share a server with other things; empty for a
    /// server of its own. The URL parameter `namespace` sets it too.
    pub namespace: String,
    /// Appends that may be under way at once.
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

/// Events in a KurrentDB cluster. Dropping it (and its subscriptions) ends its task; `close` does so at once.
pub struct KurrentEventStore {
    reader: Arc<Reader>,
    appender: Appender,
    clock: Arc<dyn Clock>,
    head: Arc<watch::Sender<Head>>,
    subscriptions: Arc<Semaphore>,
    appends: Semaphore,
    appends_max: u32,
    /// Tells the tail to end; its loss, when the store is dropped, does so too.
    closing: watch::Sender<bool>,
}

impl KurrentEventStore {
    /// Connects, and reads the end of the log. The URL is KurrentDB's own connection string
    /// (`kurrent://user:password@host:2113?tls=false`), besides it `namespace=…`.
    ///
    /// `clock` gives `recorded_at` and paces retries; the one task, which follows the log, comes from
    /// `tasks`.
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

    /// Waits for appends under way, then ends subscriptions and the task that follows the log.
    pub async fn close(&self) {
        // An error means that it is closed already.
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
            writers: Writers::ManyProcesses,
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

    async fn read_all(&self, after: After, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.reader.all(after, limit.min(PAGE_EVENTS_MAX)).await
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: After,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.reader
            .matching(filter, after, limit.min(PAGE_EVENTS_MAX))
            .await
    }

    /// Appends stretch by stretch, `recorded_at` as given. Not whole over several streams: what was done
    /// stays, and is passed over when the same is loaded again. Refused where the server gives its own
    /// `recorded_at`, since proofs are made over it.
    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        if events.is_empty() || events.len() > PAGE_EVENTS_MAX {
            let why = format!("1 to {PAGE_EVENTS_MAX} events are taken over at once");
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

    async fn subscribe(&self, after: After) -> Result<Box<dyn Subscription>, StoreError> {
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
