//! The EventStore port. This documentation is its specification; `store/src/contract.rs` holds every
//! backend to it.
//!
//! - **Append** writes a batch to one stream, whole or not at all, when the stream's version is the
//!   expected one. Stream versions start at 1; an empty stream has version 0. `Ok` means durable: whoever
//!   is told never loses it.
//! - **Idempotent by event id.** When all ids of the batch are stored already, as one batch of this stream,
//!   the answer is the position of its last event, as the first time; bytes are not compared. When only some
//!   of them are stored, or on another stream, it is a conflict.
//! - **Positions** increase in commit order and are opaque. A reader that has seen position p never meets a
//!   later commit at or below p. Where `capabilities().dense` is true they run 1, 2, 3 … without gaps.
//! - **`recorded_at`** is one instant per group commit, max(clock, last), and so never decreases with the
//!   position.
//! - **After a failed sync** nothing later is acknowledged: the store answers `Unavailable` until reopened.
//! - Every queue is bounded; a full one answers `Busy` at once.

use crate::problem::{Kind, Problem};
use crate::record::event_filter::{EventFacts, EventFilter};
use crate::record::stored_event::{Position, Record, StoredEvent, StreamVersion, UnreadableRecord};
use async_trait::async_trait;
use values::ids::{EventId, StreamId};

/// Most events in one append; a command never needs as many.
pub const APPEND_EVENTS_MAX: usize = 256;

/// Longest name of a stream that is written to, wherever the log is: rows are looked for by it, and
/// PostgreSQL refuses index entries of more than about 2,700 bytes. Ours have under a hundred.
pub const STREAM_BYTES_MAX: usize = 1_024;

/// Most events a page of a read may ask for.
pub const PAGE_EVENTS_MAX: usize = 4_096;

/// Most events of one stream that are read at once as a whole: of the largest calls twenty times as many.
pub const WHOLE_STREAM_EVENTS_MAX: usize = 65_536;

/// What a backend can promise beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Positions run from 1 without gaps.
    pub dense: bool,
    /// What is acknowledged survives the end of the process.
    pub durable: bool,
    pub writers: Writers,
}

/// Who may append to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// This process alone: what it holds in memory is the stream's state.
    OneProcess,
    /// Several processes: a state held in memory may be behind its stream, and the expected version decides.
    ManyProcesses,
}

/// A page of the events that a filter wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchingPage {
    /// In order; may be empty although more follow.
    pub events: Vec<StoredEvent>,
    /// Everything up to here has been looked at: where the next page begins. Equal to `after` only at the
    /// end.
    pub reached: Position,
}

/// Why a store could not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else appended first. `actual` is the stream's version now.
    #[error("stream {stream} is at version {} and not at {}", actual.0, expected.0)]
    WrongVersion {
        stream: StreamId,
        expected: StreamVersion,
        actual: StreamVersion,
    },
    /// A whole stream was asked for, and it is longer than a reader holds at once. A part would pass for all.
    #[error("stream {stream} has more than {most} events and can be read only in pages")]
    TooLong { stream: StreamId, most: usize },
    /// Part of the batch is stored already, or on another stream: not a retry, a mistake.
    #[error("part of the batch for {stream} is stored already")]
    PartlyStored { stream: StreamId },
    /// An empty batch, too many events, records of another stream or version: the caller's bug.
    #[error("invalid append: {0}")]
    Invalid(String),
    #[error("the store's queue is full; try again")]
    Busy,
    /// The disk or database is away, or a sync failed. Nothing was acknowledged; it may or may not be stored.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Stored data is not what was written; names the position where known.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(Kind::Busy, "busy", "the store's queue is full"),
            StoreError::Unavailable(why) => Self::unavailable(format!("the event store: {why}")),
            StoreError::WrongVersion { .. } | StoreError::PartlyStored { .. } => {
                Self::new(Kind::Conflict, "conflict", "another request changed it first")
            }
            StoreError::Invalid(_) | StoreError::Damaged(_) | StoreError::TooLong { .. } => {
                Self::fault(error.to_string())
            }
        }
    }
}

/// Where a read or subscription begins: after this position (0 = from the first event).
pub type After = Position;

/// A live reader: pages of events after a position, then new ones as they commit. Dropping it ends it.
#[async_trait]
pub trait Subscription: Send {
    /// The next events, at least one; waits for them. Never skips, never repeats. Cancel-safe.
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError>;
}

/// The log of all events, and the only truth.
#[async_trait]
pub trait EventStore: Send + Sync {
    fn capabilities(&self) -> Capabilities;

    /// Appends `records` (1 to `APPEND_EVENTS_MAX`, versions `expected + 1 …`) and answers the position of
    /// the last. The stream's name has at most `STREAM_BYTES_MAX` bytes and no zero byte.
    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError>;

    /// As `append`, for the rows of an import: whatever `append` was asked meanwhile is written first. A
    /// store without a queue makes no difference.
    async fn append_behind(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.append(stream, expected, records).await
    }

    /// Events of one stream with versions above `after`, in order, at most `limit` (≤ `PAGE_EVENTS_MAX`).
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError>;

    /// All events of one stream, in order, however many pages they are: for readers to whom a part is wrong.
    /// `TooLong` beyond `WHOLE_STREAM_EVENTS_MAX`, never a silent cut.
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

    /// Events of all streams after a position, in order, at most `limit` (≤ `PAGE_EVENTS_MAX`).
    async fn read_all(&self, after: After, limit: usize) -> Result<Vec<StoredEvent>, StoreError>;

    /// Position of the last event; 0 when there is none.
    async fn head(&self) -> Result<Position, StoreError>;

    /// `recorded_at` of the last event, which a rehearsal clock must not go below.
    async fn last_recorded_at(&self) -> Result<Option<crate::time::Timestamp>, StoreError>;

    /// The event with this id. A backend with an index answers from it; otherwise the log is read through.
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

    /// Events after a position that `filter` wants, in order, at most `limit` (≤ `PAGE_EVENTS_MAX`). Looks at
    /// a bounded stretch of the log; read on from `reached` until it stops moving.
    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: After,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let mut events = self.read_all(after, limit).await?;
        let reached = events.last().map_or(after, |last| last.position);
        filter.retain(&mut events).map_err(unreadable)?;
        Ok(MatchingPage { events, reached })
    }

    /// As `read_matching`, of events up to and including `until`, which `reached` does not pass: what lies
    /// between several positions is read side by side and joined in order.
    async fn read_matching_until(
        &self,
        filter: &EventFilter,
        after: After,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let mut page = self.read_matching(filter, after, limit).await?;
        page.events.retain(|event| event.position <= until);
        page.reached = page.reached.min(until.max(after));
        Ok(page)
    }

    /// How many stretches of the log a long read does well to ask for side by side: several where a server
    /// of its own looks for the events.
    fn stretches_at_once(&self) -> usize {
        1
    }

    /// Takes over events of another log as they are, `recorded_at` and record byte for byte, behind its own
    /// head, and answers the position of the last. Where positions are dense the first must be head + 1.
    ///
    /// For copying and restoring a whole log; nothing else may append meanwhile. Whole or not at all per
    /// call; at most `PAGE_EVENTS_MAX` events. A batch's events (same stream and command) come in one call.
    async fn load(&self, _events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        Err(StoreError::Invalid(
            "this store cannot take over a log".to_owned(),
        ))
    }

    /// Follows all events after a position.
    async fn subscribe(&self, after: After) -> Result<Box<dyn Subscription>, StoreError>;
}

fn unreadable(error: UnreadableRecord) -> StoreError {
    StoreError::Damaged(error.to_string())
}
