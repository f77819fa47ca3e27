//! Appends to KurrentDB: looks up known ids first, sends the expected revision, and reads the stream again if
//! the outcome is unclear.

use super::connect::CallFailure;
use super::events;
use super::id_cache::{EventIdCache, KnownEvent};
use super::reader::{RETRY_MS, Reader};
use super::tail;
use crate::batch;
use crate::subscription::Head;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{APPEND_EVENTS_MAX, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use eventstore::{AppendToStreamOptions, EventData, StreamState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::watch;

/// The number of times that the stream is read after an append without a response. With the reads' own
/// retries this covers a node's replacement of about 5 s; after that the append returns `Unavailable`, and
/// the caller may repeat it.
const LOOKS_MAX: u32 = 6;

/// Appends through one client and remembers which event ids each stream holds.
pub(super) struct Appender {
    reader: Arc<Reader>,
    clock: Arc<dyn Clock>,
    head: Arc<watch::Sender<Head>>,
    known: EventIdCache,
    /// The latest `recorded_at` assigned or read, in microseconds.
    latest: AtomicI64,
}

impl Appender {
    pub(super) fn new(reader: Arc<Reader>, clock: Arc<dyn Clock>, head: Arc<watch::Sender<Head>>) -> Self {
        let latest = head.borrow().recorded_at.map_or(i64::MIN, Timestamp::micros);
        Self {
            reader,
            clock,
            head,
            known: EventIdCache::default(),
            latest: AtomicI64::new(latest),
        }
    }

    /// Remembers the ids of events that were read from a stream, up to the first one that is not a record.
    pub(super) fn learn(&self, stream: &StreamId, after: StreamVersion, events: &[StoredEvent]) {
        let seen = |event: &StoredEvent| {
            let envelope = events::envelope(&event.record, event.position).ok()?;
            Some(KnownEvent {
                id: envelope.id,
                command: envelope.command,
                position: event.position,
            })
        };
        let seen: Vec<KnownEvent> = events.iter().map_while(seen).collect();
        self.known.add(stream, after, &seen);
    }

    /// Reads the stream until its event ids are known up to a version, or up to its end.
    async fn learn_up_to(&self, stream: &StreamId, version: StreamVersion) -> Result<(), StoreError> {
        loop {
            let after = self.known.version(stream);
            if after >= version {
                return Ok(());
            }
            let events = self.reader.stream(stream, after, PAGE_EVENTS_MAX).await?;
            self.learn(stream, after, &events);
            if events.len() < PAGE_EVENTS_MAX || self.known.version(stream) <= after {
                return Ok(());
            }
        }
    }

    /// Reads the rest of the stream and looks up these ids. Returns the position of a repeat, `None` if no id
    /// is stored, or a conflict.
    async fn judge(&self, stream: &StreamId, ids: &[EventId]) -> Result<Option<Position>, StoreError> {
        self.learn_up_to(stream, StreamVersion(u64::MAX)).await?;
        batch::repeat(stream, &self.known.find(stream, ids))
    }

    /// Appends records to a stream; a repeat is not written again. `recorded_at` is the given time, or else
    /// the clock's. If the outcome is unclear, reads the stream to find it.
    pub(super) async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: &[Record],
        recorded_at: Option<Timestamp>,
    ) -> Result<Position, StoreError> {
        let ids: Vec<EventId> = records.iter().map(|record| record.id).collect();
        self.learn_up_to(stream, expected).await?;
        if self.known.find(stream, &ids).iter().any(Option::is_some) {
            // Whether this is a repeat of a whole batch is known only after reading the whole stream.
            if let Some(position) = self.judge(stream, &ids).await? {
                return Ok(position);
            }
        }
        let recorded_at = recorded_at.unwrap_or_else(|| self.now());
        let events: Vec<EventData> = records
            .iter()
            .map(|record| events::to_append(record, recorded_at))
            .collect::<Result<_, _>>()?;
        let state = match expected.0.checked_sub(1) {
            Some(revision) => StreamState::StreamRevision(revision),
            None => StreamState::NoStream,
        };
        let options = AppendToStreamOptions::default()
            .stream_state(state)
            .requires_leader(true);
        let name = self.reader.name(stream);
        let link = self.reader.link();
        let sent = link
            .client()
            .append_to_stream(name.as_str(), &options, events)
            .await;
        match sent.map_err(|error| link.met(&error)) {
            Ok(written) => {
                let position = Position(written.position.commit);
                self.stored(stream, expected, records, recorded_at, position);
                Ok(position)
            }
            Err(CallFailure::WrongVersion) => match self.judge(stream, &ids).await? {
                Some(position) => Ok(position),
                None => Err(StoreError::WrongVersion {
                    stream: stream.clone(),
                    expected,
                    actual: self.known.version(stream),
                }),
            },
            Err(CallFailure::Unclear(why)) => self.look(stream, &ids, why).await,
            Err(refused) => Err(refused.of_append(stream)),
        }
    }

    /// Reads the stream until it contains the append that got no response, at most `LOOKS_MAX` times. If it
    /// never does, returns `Unavailable` with `why`.
    async fn look(&self, stream: &StreamId, ids: &[EventId], why: String) -> Result<Position, StoreError> {
        for look in 0..LOOKS_MAX {
            match self.judge(stream, ids).await {
                Ok(Some(position)) => return Ok(position),
                // Not stored, but the request may still be under way: only the last attempt counts.
                Ok(None) | Err(StoreError::Unavailable(_)) => {}
                Err(other) => return Err(other),
            }
            let wait = RETRY_MS << look;
            self.clock.wait_until(self.clock.now().plus_ms(wait)).await;
        }
        Err(StoreError::Unavailable(why))
    }

    /// Remembers the ids of stored records and moves the head. The server returned only the position of the
    /// last event, which all of them get; of a batch only this one is ever returned.
    fn stored(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: &[Record],
        recorded_at: Timestamp,
        position: Position,
    ) {
        let event = |record: &Record| StoredEvent::new(position, recorded_at, Arc::clone(record.bytes()));
        let events: Vec<StoredEvent> = records.iter().map(event).collect();
        self.learn(stream, expected, &events);
        tail::advance(&self.head, events.last());
    }

    fn now(&self) -> Timestamp {
        let seen = self.head.borrow().recorded_at.map_or(i64::MIN, Timestamp::micros);
        let now = self.clock.now().micros().max(seen);
        Timestamp::from_micros(self.latest.fetch_max(now, Ordering::SeqCst).max(now))
    }

    /// Copies events of another log, batch by batch. Fails if the server did not keep a `recorded_at`.
    /// Returns the last position.
    pub(super) async fn load(&self, events: &[StoredEvent]) -> Result<Position, StoreError> {
        let mut last = Position(0);
        let mut rest = events;
        while let Some(stretch) = SourceBatch::first(rest)? {
            let (stream, expected) = (&stretch.stream, stretch.expected);
            let recorded_at = Some(stretch.recorded_at);
            last = self
                .append(stream, expected, &stretch.records, recorded_at)
                .await?;
            let version = StreamVersion(expected.0 + stretch.records.len() as u64 - 1);
            let kept = self.reader.stream(stream, version, 1).await?;
            if kept.first().map(|event| event.recorded_at) != recorded_at {
                return Err(StoreError::Invalid(
                    "this server assigns its own recorded_at, so a log cannot be copied with its proofs"
                        .to_owned(),
                ));
            }
            rest = rest.get(stretch.records.len()..).unwrap_or(&[]);
        }
        Ok(last)
    }
}

/// Consecutive events of the source log with the same stream and command: one append.
struct SourceBatch {
    stream: StreamId,
    expected: StreamVersion,
    recorded_at: Timestamp,
    records: Vec<Record>,
}

impl SourceBatch {
    fn first(events: &[StoredEvent]) -> Result<Option<Self>, StoreError> {
        let Some(first) = events.first() else {
            return Ok(None);
        };
        let begin = events::envelope(&first.record, first.position)?;
        let mut records = Vec::new();
        for event in events.iter().take(APPEND_EVENTS_MAX) {
            let envelope = events::envelope(&event.record, event.position)?;
            if envelope.stream != begin.stream || envelope.command != begin.command {
                break;
            }
            let record = Record::from_stored(Arc::clone(&event.record))
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
            records.push(record);
        }
        Ok(Some(Self {
            expected: StreamVersion(begin.stream_version.0.saturating_sub(1)),
            stream: begin.stream,
            recorded_at: first.recorded_at,
            records,
        }))
    }
}
