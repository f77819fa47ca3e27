//! The EventStore port. This documentation is its specification; `store/src/contract.rs` tests every backend
//! against it.
//!
//! - **Append** writes a batch to one stream, completely or not at all, if the stream's version is the
//!   expected one. Stream versions start at 1; an empty stream has version 0. `Ok` means durable: an
//!   acknowledged batch is never lost.
//! - **Idempotent by event id.** If all ids of the batch are already stored as one batch of this stream, the
//!   answer is the position of its last event, as the first time; bytes are not compared. If only some of
//!   them are stored, or on another stream, it is a conflict.
//! - **Positions** increase in commit order and are opaque. A reader that has seen position p never meets a
//!   later commit at or below p. If `capabilities().dense` is true, they run 1, 2, 3 … without gaps.
//! - **`recorded_at`** is one instant per group commit, max(clock, last), so it never decreases with the
//!   position.
//! - **After a failed sync** the store acknowledges nothing more: it answers `Unavailable` until it is
//!   reopened.
//! - Every queue is bounded; a full one answers `Busy` at once.

use crate::problem::{Problem, ProblemKind};
use crate::realm::RealmName;
use crate::record::event_filter::{EventFacts, EventFilter};
use crate::record::stored_event::{Position, Record, StoredEvent, StreamVersion, UnreadableRecord};
use async_trait::async_trait;
use std::sync::Arc;
use values::ids::{EventId, StreamId};

/// The most events in one append; larger batches are `Invalid`. No command needs as many.
pub const APPEND_EVENTS_MAX: usize = 256;

/// The most bytes of a stream's name, for every backend. PostgreSQL refuses index entries of more than
/// about 2,700 bytes; our names have less than a hundred.
pub const STREAM_BYTES_MAX: usize = 1_024;

/// The most events that one page of a read returns.
pub const PAGE_EVENTS_MAX: usize = 4_096;

/// The most events of one stream that `read_whole_stream` returns, twenty times as many as in the largest
/// calls. A longer stream is `TooLong`.
pub const WHOLE_STREAM_EVENTS_MAX: usize = 65_536;

/// The guarantees of a store's backend beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Positions run from 1 without gaps.
    pub dense: bool,
    /// Acknowledged events survive the end of the process.
    pub durable: bool,
    pub writers: WriterConcurrency,
}

/// Which processes may append to a store's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriterConcurrency {
    /// Only this process: a state that it holds in memory is current.
    OneProcess,
    /// Several processes: a state held in memory may be behind its stream, and the expected version decides.
    ManyProcesses,
}

/// A page of the events that match a filter, and how far the log was searched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchingPage {
    /// The events in order; may be empty although more follow.
    pub events: Vec<StoredEvent>,
    /// Position up to which the log was searched; the next page begins after it. Equal to `after` only at the
    /// end of the log.
    pub reached: Position,
}

/// The reasons why a store did not do an append or a read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another writer appended first. `actual` is the stream's current version.
    #[error("stream {stream} is at version {} and not at {}", actual.0, expected.0)]
    WrongVersion {
        stream: StreamId,
        expected: StreamVersion,
        actual: StreamVersion,
    },
    /// The whole stream was requested and is longer than a reader holds at once. A part would be taken for
    /// all.
    #[error("stream {stream} has more than {most} events and can be read only in pages")]
    TooLong { stream: StreamId, most: usize },
    /// Part of the batch is stored already, or on another stream: this is an error of the caller, not a
    /// retry.
    #[error("part of the batch for {stream} is stored already")]
    PartlyStored { stream: StreamId },
    /// An empty batch, too many events, or records of another stream or version: a bug of the caller.
    #[error("invalid append: {0}")]
    Invalid(String),
    #[error("the store's queue is full; try again")]
    Busy,
    /// The disk or database is unavailable, or a sync failed. Nothing was acknowledged; it may or may not be
    /// stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Stored data is not what was written. The text names the position if it is known.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(ProblemKind::Busy, "busy", "the store's queue is full"),
            StoreError::Unavailable(why) => Self::unavailable(format!("the event store: {why}")),
            StoreError::WrongVersion { .. } | StoreError::PartlyStored { .. } => Self::new(
                ProblemKind::Conflict,
                "conflict",
                "another request changed it first",
            ),
            StoreError::Invalid(_) | StoreError::Damaged(_) | StoreError::TooLong { .. } => {
                Self::fault(error.to_string())
            }
        }
    }
}

/// A position in the log after which a read or subscription begins (0: from the first event).
pub type AfterPosition = Position;

/// A live reader of the log: pages of events after a position, then new ones as they commit. Dropping it
/// ends it.
#[async_trait]
pub trait Subscription: Send {
    /// Returns the next events in order, at least one; waits until there are some. Never skips or repeats
    /// one. Cancel-safe.
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError>;
}

/// The log of all events: the only source of truth.
#[async_trait]
pub trait EventStore: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// Returns the realm with the events of this store; the real one for a log of all realms.
    fn realm(&self) -> RealmName {
        RealmName::Real
    }

    /// Returns the log of all realms if this store shows the events of one realm only; `None` if it is the
    /// log itself. For proofs, checks of the log and backups.
    fn whole_log(&self) -> Option<&Arc<dyn EventStore>> {
        None
    }

    /// Appends `records` (1 to `APPEND_EVENTS_MAX`, versions `expected + 1 …`) and returns the position of
    /// the last. The stream's name has at most `STREAM_BYTES_MAX` bytes and no zero byte.
    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError>;

    /// Appends the rows of an import, with lower priority than `append`: requests that `append` received
    /// meanwhile are written first. A store without a queue treats both alike.
    async fn append_behind(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.append(stream, expected, records).await
    }

    /// Returns the events of one stream with versions above `after`, in order, at most `limit` (≤
    /// `PAGE_EVENTS_MAX`); empty for an unknown stream.
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError>;

    /// Returns all events of one stream, in order, from as many pages as needed: for readers that need the
    /// complete stream. Answers `TooLong` beyond `WHOLE_STREAM_EVENTS_MAX` and never cuts silently.
    async fn read_whole_stream(&self, stream: &StreamId) -> Result<Vec<StoredEvent>, StoreError> {
        let mut events: Vec<StoredEvent> = Vec::new();
        loop {
            let after = StreamVersion(events.len() as u64);
            let page = self.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
            let last = page.len() < PAGE_EVENTS_MAX;
            events.extend(page);
            if events.len() > WHOLE_STREAM_EVENTS_MAX {
                let (stream, most) = (stream.clone(), WHOLE_STREAM_EVENTS_MAX);
                return Err(StoreError::TooLong { stream, most });
            }
            if last {
                return Ok(events);
            }
        }
    }

    /// Returns the events of all streams after a position, in order, at most `limit` (≤ `PAGE_EVENTS_MAX`);
    /// empty at the end.
    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError>;

    /// Returns the position of the last event; 0 if there is none.
    async fn head(&self) -> Result<Position, StoreError>;

    /// Returns `recorded_at` of the last event; `None` for an empty log. A rehearsal clock must not go
    /// below it.
    async fn last_recorded_at(&self) -> Result<Option<crate::time::Timestamp>, StoreError>;

    /// Returns the event with this id; `None` if there is none. A backend with an index uses it; otherwise
    /// the whole log is read.
    async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let mut after = Position(0);
        loop {
            let page = self.read_all(after, PAGE_EVENTS_MAX).await?;
            let Some(last) = page.last() else { return Ok(None) };
            after = last.position;
            for event in page {
                if EventFacts::of(&event).map_err(unreadable)?.id == id {
                    return Ok(Some(event));
                }
            }
        }
    }

    /// Returns the events after a position that match `filter`, in order, at most `limit` (≤
    /// `PAGE_EVENTS_MAX`). Each call searches a bounded part of the log: continue from `reached` until it
    /// no longer moves.
    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let mut events = self.read_all(after, limit).await?;
        let reached = events.last().map_or(after, |last| last.position);
        filter.retain(&mut events).map_err(unreadable)?;
        Ok(MatchingPage { events, reached })
    }

    /// As `read_matching`, but only for events up to and including `until`; `reached` does not go beyond
    /// it. Lets a reader search several parts of the log in parallel and join the results in order.
    async fn read_matching_until(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let mut page = self.read_matching(filter, after, limit).await?;
        page.events.retain(|event| event.position <= until);
        page.reached = page.reached.min(until.max(after));
        Ok(page)
    }

    /// Returns how many parts of the log a long read should search in parallel: 1, or more if a database
    /// server searches.
    fn stretches_at_once(&self) -> usize {
        1
    }

    /// Imports events of another log unchanged, with the same `recorded_at` and the same bytes of each
    /// record, after this log's head. Returns the position of the last. If positions are dense, the first
    /// must be head + 1.
    ///
    /// For copying and restoring a whole log; nothing else may append meanwhile. Each call is all or nothing,
    /// with at most `PAGE_EVENTS_MAX` events. The events of one batch (same stream and command) come in one
    /// call.
    async fn load(&self, _events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        Err(StoreError::Invalid("this store cannot import a log".to_owned()))
    }

    /// Returns a subscription to all events after a position.
    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError>;
}

/// Returns the log of all realms that a store belongs to.
pub fn whole_log(store: &Arc<dyn EventStore>) -> &Arc<dyn EventStore> {
    store.whole_log().unwrap_or(store)
}

fn unreadable(error: UnreadableRecord) -> StoreError {
    StoreError::Damaged(error.to_string())
}
