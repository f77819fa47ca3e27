//! The state of the memory store: the events, the place of each, and the indexes by id and by stream.

use super::MEMORY_LOG_FILE;
use super::kinds::{KindNumber, Kinds};
use crate::batch::{self, EventLocation};
use crate::frame::{DamagedFrame, Decoder, Frame};
use crate::log_import::{ImportBatch, ImportHead};
use crate::subscription::LOOKED_AT_MAX;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ids::{EventId, StreamId};
use domain::ports::disk::{Disk, READ_BYTES};
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The number of the newest events of which the parsed envelope is kept and shared by all readers, as in
/// the SQLite store.
const RECENT_EVENTS: usize = 4_096;

/// The events in memory, with the indexes by which they are found.
#[derive(Default)]
pub(super) struct State {
    events: Vec<StoredEvent>,
    /// One entry per event, in the same order.
    places: Vec<EventCoordinates>,
    kinds: Kinds,
    /// The position of each event id. This map and `streams` are only accessed by key, so their order has
    /// no effect.
    found: HashMap<EventId, Position>,
    /// Positions of each stream's events, in order: version v is at index v - 1.
    streams: HashMap<StreamId, Vec<Position>>,
    pub(super) failed: Option<StoreError>,
}

/// An event's stream, version, place in its batch, and kind.
struct EventCoordinates {
    stream: StreamId,
    version: StreamVersion,
    batch_index: u16,
    batch_count: u16,
    kind: KindNumber,
}

impl State {
    /// Reads the log from the disk and truncates an incomplete commit at its end, which was never
    /// acknowledged. Fails with `Damaged` for a bad frame before the end.
    pub(super) fn recover(disk: &dyn Disk) -> Result<Self, StoreError> {
        let unavailable = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let mut state = Self::default();
        let mut decoder = Decoder::default();
        let mut read = 0;
        loop {
            let part = disk
                .read_part(MEMORY_LOG_FILE, read, READ_BYTES)
                .map_err(unavailable)?;
            let frames = decoder.take(&part).map_err(|DamagedFrame(position)| {
                StoreError::Damaged(format!(
                    "the frame after position {position} is not what was written"
                ))
            })?;
            for frame in frames {
                state.add(frame, StoredEvent::new);
            }
            if part.is_empty() {
                break;
            }
            read += part.len() as u64;
        }
        if decoder.good_bytes < read {
            disk.truncate(MEMORY_LOG_FILE, decoder.good_bytes)
                .map_err(unavailable)?;
        }
        // The log may hold bytes that an earlier process wrote but could not sync. They are durable before
        // anything builds on them.
        disk.sync(MEMORY_LOG_FILE).map_err(unavailable)?;
        Ok(state)
    }

    pub(super) fn position(&self) -> Position {
        Position(self.events.len() as u64)
    }

    fn version(&self, stream: &StreamId) -> StreamVersion {
        StreamVersion(
            self.streams
                .get(stream)
                .map_or(0, |positions| positions.len() as u64),
        )
    }

    /// Returns the result of an append that needs no write: the position of a repeat, or a conflict. `None`
    /// if the records are to be written.
    pub(super) fn judge(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: &[Record],
    ) -> Result<Option<Position>, StoreError> {
        let found: Vec<_> = records.iter().map(|record| self.found(record.id)).collect();
        if let Some(position) = batch::repeat(stream, &found)? {
            return Ok(Some(position));
        }
        let actual = self.version(stream);
        if actual == expected {
            return Ok(None);
        }
        Err(StoreError::WrongVersion {
            stream: stream.clone(),
            expected,
            actual,
        })
    }

    /// Looks up an event by its id.
    fn found(&self, id: EventId) -> Option<EventLocation> {
        let position = *self.found.get(&id)?;
        let index = usize::try_from(position.0).ok()?.checked_sub(1)?;
        let place = self.places.get(index)?;
        Some(EventLocation {
            position,
            stream: place.stream.clone(),
            version: place.version,
            batch_index: place.batch_index.into(),
            batch_count: place.batch_count.into(),
        })
    }

    pub(super) fn last(&self) -> Option<&StoredEvent> {
        self.events.last()
    }

    pub(super) fn find(&self, id: EventId) -> Option<StoredEvent> {
        let position = self.found.get(&id)?;
        self.page(Position(position.0 - 1), 1).pop()
    }

    /// Adds events that were just committed. The envelopes of the newest are kept once parsed, because
    /// subscriptions are about to read them.
    pub(super) fn add_new(&mut self, frame: Frame) {
        let before = self.events.len();
        self.add(frame, StoredEvent::shared);
        let recent = |count: usize| count.saturating_sub(RECENT_EVENTS);
        let passed = recent(before)..recent(self.events.len());
        for event in self.events.get_mut(passed).into_iter().flatten() {
            *event = StoredEvent::new(event.position, event.recorded_at, Arc::clone(&event.record));
        }
    }

    fn add(&mut self, frame: Frame, event: fn(Position, Timestamp, Arc<[u8]>) -> StoredEvent) {
        // All events of a stream share one copy of its name.
        let known = self
            .streams
            .get_key_value(&frame.stream)
            .map(|(name, _)| name.clone());
        let stream = known.unwrap_or(frame.stream);
        let positions = self.streams.entry(stream.clone()).or_default();
        // A batch has at most 256 events (`batch::check`).
        let batch_count = u16::try_from(frame.records.len()).unwrap_or(u16::MAX);
        for (batch_index, (id, record)) in (0..).zip(frame.records) {
            let position = Position(self.events.len() as u64 + 1);
            positions.push(position);
            self.places.push(EventCoordinates {
                stream: stream.clone(),
                version: StreamVersion(positions.len() as u64),
                batch_index,
                batch_count,
                kind: self.kinds.of(&record),
            });
            self.found.insert(id, position);
            self.events.push(event(position, frame.recorded_at, record));
        }
    }

    /// Converts batches of another log to frames. Fails unless each batch directly follows the events
    /// before it and its ids are new.
    pub(super) fn frames_of(&self, batches: Vec<ImportBatch>) -> Result<Vec<Frame>, StoreError> {
        let mut end = ImportHead {
            position: self.position(),
            recorded_at: self
                .events
                .last()
                .map_or(Timestamp::EPOCH, |event| event.recorded_at),
        };
        let mut versions = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let mut frames = Vec::with_capacity(batches.len());
        for batch in batches {
            let known = versions.get(&batch.stream).copied();
            batch.follow(&mut end, known.unwrap_or_else(|| self.version(&batch.stream)))?;
            versions.insert(batch.stream.clone(), batch.last_version());
            let mut taken = batch.events.iter().map(|event| event.id);
            if taken.any(|id| self.found.contains_key(&id) || !ids.insert(id)) {
                return Err(batch.stored_already());
            }
            frames.push(batch.into_frame());
        }
        Ok(frames)
    }

    /// Searches at most `LOOKED_AT_MAX` events after a position. Returns those that match the filter, at
    /// most `limit`, and the position reached.
    pub(super) fn matching(
        &self,
        filter: &EventFilter,
        after: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let from = usize::try_from(after.0).unwrap_or(usize::MAX);
        let mut page = MatchingPage {
            events: Vec::new(),
            reached: after,
        };
        let wanted = self.kinds.wanted(filter);
        let placed = self.events.iter().zip(&self.places);
        for (event, place) in placed.skip(from).take(LOOKED_AT_MAX) {
            if page.events.len() >= limit.min(PAGE_EVENTS_MAX) {
                break;
            }
            page.reached = event.position;
            if !wanted.holds(place.kind) {
                continue;
            }
            let facts = EventFacts::of(event).map_err(|error| StoreError::Damaged(error.to_string()))?;
            if filter.wants(&facts) {
                page.events.push(event.clone());
            }
        }
        Ok(page)
    }

    pub(super) fn page(&self, after: Position, limit: usize) -> Vec<StoredEvent> {
        let from = usize::try_from(after.0).unwrap_or(usize::MAX);
        self.events
            .iter()
            .skip(from)
            .take(limit.min(PAGE_EVENTS_MAX))
            .cloned()
            .collect()
    }

    pub(super) fn page_of(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Vec<StoredEvent> {
        let positions = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let wanted = positions
            .iter()
            .skip(usize::try_from(after.0).unwrap_or(usize::MAX))
            .take(limit.min(PAGE_EVENTS_MAX));
        wanted
            .flat_map(|position| self.page(Position(position.0 - 1), 1))
            .collect()
    }
}
