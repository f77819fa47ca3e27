//! Reads pages of a stream and of the log, filtered by the server if possible.

use super::connect::{CallFailure, Link};
use super::events;
use crate::subscription::{Head, Pages, closed};
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use eventstore::{
    Position as WirePosition, ReadAllOptions, ReadStream, ReadStreamOptions, StreamPosition,
    SubscribeToAllOptions, Subscription, SubscriptionFilter,
};
use std::sync::Arc;
use tokio::sync::watch;

/// The number of attempts of a read before it fails as `Unavailable`. After a node was replaced, the second
/// attempt succeeds.
const READ_TRIES_MAX: u32 = 3;

/// The wait after the first failed read, in milliseconds; each further wait is twice as long.
pub(super) const RETRY_MS: u64 = 100;

/// The longest wait between two attempts, in milliseconds.
pub(super) const RETRY_MS_MAX: u64 = 5_000;

/// Reads the streams and the log of one namespace.
pub(super) struct Reader {
    link: Arc<Link>,
    namespace: String,
    clock: Arc<dyn Clock>,
}

impl Reader {
    pub(super) fn new(link: Arc<Link>, namespace: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            link,
            namespace,
            clock,
        }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Returns a stream's name on the server: the namespace followed by its id.
    pub(super) fn name(&self, stream: &StreamId) -> String {
        format!("{}{stream}", self.namespace)
    }

    /// Returns the server filter that admits only this log's events: no system events, no other namespace.
    fn own(&self) -> SubscriptionFilter {
        if self.namespace.is_empty() {
            SubscriptionFilter::on_event_type().exclude_system_events()
        } else {
            SubscriptionFilter::on_stream_name().add_prefix(&self.namespace)
        }
    }

    /// Returns the narrowest filter the server supports that admits all events of `filter`; it may admit
    /// others. The caller applies `filter` itself afterwards.
    fn narrowed(&self, filter: &EventFilter) -> SubscriptionFilter {
        let add = |wire: SubscriptionFilter, names: &[String], before: &str| {
            names
                .iter()
                .fold(wire, |wire, name| wire.add_prefix(format!("{before}{name}")))
        };
        if !filter.streams.is_empty() {
            return add(
                SubscriptionFilter::on_stream_name(),
                &filter.streams,
                &self.namespace,
            );
        }
        if !filter.kinds.is_empty() && self.namespace.is_empty() {
            return add(SubscriptionFilter::on_event_type(), &filter.kinds, "");
        }
        self.own()
    }

    pub(super) async fn stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let options = ReadStreamOptions::default()
            .position(StreamPosition::Position(after.0))
            .max_count(limit)
            .requires_leader(true);
        let name = self.name(stream);
        self.ask(&KurrentReadRequest::Stream(name, options)).await
    }

    /// Reads up to `limit` events of the log after a position, in log order.
    pub(super) async fn all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.page(after, limit, self.own()).await
    }

    async fn page(
        &self,
        after: Position,
        limit: usize,
        filter: SubscriptionFilter,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        // The server includes the event at the given position: one event more is requested, and this one
        // is removed.
        let options = ReadAllOptions::default()
            .position(from(after))
            .filter(filter)
            .max_count(limit.saturating_add(usize::from(after.0 > 0)))
            .requires_leader(true);
        let mut events = match self.ask(&KurrentReadRequest::All(options)).await {
            // A server may refuse a position behind its end.
            Err(StoreError::Invalid(_)) if after.0 > 0 && self.is_behind_end(after).await? => Vec::new(),
            other => other?,
        };
        events.retain(|event| event.position > after);
        events.truncate(limit);
        Ok(events)
    }

    async fn is_behind_end(&self, position: Position) -> Result<bool, StoreError> {
        Ok(self.last().await?.is_none_or(|last| last.position <= position))
    }

    /// Returns the last event of the log; `None` if the log is empty.
    pub(super) async fn last(&self) -> Result<Option<StoredEvent>, StoreError> {
        let options = ReadAllOptions::default()
            .position(StreamPosition::End)
            .filter(self.own())
            .max_count(1)
            .requires_leader(true);
        Ok(self.ask(&KurrentReadRequest::All(options)).await?.pop())
    }

    pub(super) async fn matching(
        &self,
        filter: &EventFilter,
        after: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        // Read before the page: events appended meanwhile may be missing from the page, so they must not
        // count as reached.
        let end = self.last().await?.map_or(Position(0), |last| last.position);
        let mut events = self.page(after, limit, self.narrowed(filter)).await?;
        let reached = match events.last() {
            Some(last) if events.len() >= limit => last.position,
            last => end.max(after).max(last.map_or(after, |last| last.position)),
        };
        filter
            .retain(&mut events)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        Ok(MatchingPage { events, reached })
    }

    /// Subscribes to the log after a position. Besides events, the server may send checkpoints.
    pub(super) async fn follow(&self, after: Position) -> Subscription {
        let options = SubscribeToAllOptions::default()
            .position(from(after))
            .filter(self.own())
            .requires_leader(true);
        self.link.client().subscribe_to_all(&options).await
    }

    /// Makes one attempt of a read. A stream that does not exist has no events.
    async fn ask_once(&self, asked: &KurrentReadRequest) -> Result<Vec<StoredEvent>, CallFailure> {
        let client = self.link.client();
        let read = match asked {
            KurrentReadRequest::Stream(name, options) => client.read_stream(name.as_str(), options).await,
            KurrentReadRequest::All(options) => client.read_all(options).await,
        };
        match self.collect(read).await {
            Err(CallFailure::NoStream) => Ok(Vec::new()),
            answered => answered,
        }
    }

    async fn collect(&self, read: eventstore::Result<ReadStream>) -> Result<Vec<StoredEvent>, CallFailure> {
        let mut reply = read.map_err(|error| self.link.met(&error))?;
        let mut events = Vec::new();
        while let Some(event) = reply.next().await.map_err(|error| self.link.met(&error))? {
            events.push(events::stored(&event));
        }
        Ok(events)
    }

    async fn ask(&self, asked: &KurrentReadRequest) -> Result<Vec<StoredEvent>, StoreError> {
        let mut tried = 1;
        loop {
            match self.ask_once(asked).await {
                Err(CallFailure::Unclear(why)) if tried < READ_TRIES_MAX => {
                    tracing::debug!(why, "a read is tried again");
                    let wait = RETRY_MS << tried;
                    self.clock.wait_until(self.clock.now().plus_ms(wait)).await;
                    tried += 1;
                }
                answered => return answered.map_err(CallFailure::of_read),
            }
        }
    }
}

/// A read request.
enum KurrentReadRequest {
    /// Events of a stream, by its name on the server.
    Stream(String, ReadStreamOptions),
    All(ReadAllOptions),
}

fn from(after: Position) -> StreamPosition<WirePosition> {
    match after.0 {
        0 => StreamPosition::Start,
        position => StreamPosition::Position(WirePosition {
            commit: position,
            prepare: position,
        }),
    }
}

/// Reads pages for a subscription. While the server is unreachable, it waits and retries.
pub(super) struct PatientPages {
    pub(super) reader: Arc<Reader>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) head: watch::Receiver<Head>,
}

#[async_trait]
impl Pages for PatientPages {
    async fn page(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let mut wait = RETRY_MS;
        loop {
            match self.reader.all(after, limit).await {
                Err(StoreError::Unavailable(why)) => {
                    tracing::warn!(why, wait, "the log cannot be read; waiting");
                }
                answered => return answered,
            }
            if self.head.borrow().failed.is_some() {
                return Err(closed());
            }
            self.clock.wait_until(self.clock.now().plus_ms(wait)).await;
            wait = (wait * 2).min(RETRY_MS_MAX);
        }
    }
}
