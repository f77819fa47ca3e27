//! Cuts a run of events into chunks, each small enough for one call of `EventStore::load`. All events of one
//! command stay in one chunk.

use domain::ids::{CommandId, StreamId};
use domain::ports::event_store::{APPEND_EVENTS_MAX, PAGE_EVENTS_MAX};
use domain::stored_event::{StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;

/// The number of events from which a chunk is full. It still takes the rest of the current command's
/// events, so that it never exceeds `PAGE_EVENTS_MAX`.
const CHUNK_EVENTS: usize = PAGE_EVENTS_MAX - APPEND_EVENTS_MAX;
/// The bytes of records from which a chunk is full, so that memory and a transaction stay small. The rest
/// of the current command's events are still added.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// The facts that all events of one append share: stream, command and `recorded_at`. Two neighboring events
/// belong to the same append if these are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BatchMark {
    stream: StreamId,
    command: CommandId,
    recorded_at: Timestamp,
}

impl BatchMark {
    pub(super) fn of(event: &StoredEvent) -> Result<Self, UnreadableRecord> {
        #[derive(Deserialize)]
        struct Facts {
            stream: StreamId,
            command: CommandId,
        }
        let facts: Facts = serde_json::from_slice(&event.record).map_err(|error| UnreadableRecord {
            position: event.position,
            why: error.to_string(),
        })?;
        Ok(Self {
            stream: facts.stream,
            command: facts.command,
            recorded_at: event.recorded_at,
        })
    }
}

/// Collects events into chunks for `EventStore::load`.
#[derive(Debug, Default)]
pub struct Chunks {
    events: Vec<StoredEvent>,
    bytes: usize,
    last: Option<BatchMark>,
}

impl Chunks {
    /// Adds the next event. Returns the chunk before it, if that chunk is large enough and the event begins
    /// another command.
    pub fn push(&mut self, event: StoredEvent) -> Result<Option<Vec<StoredEvent>>, UnreadableRecord> {
        let mark = BatchMark::of(&event)?;
        let is_large = self.events.len() >= CHUNK_EVENTS || self.bytes >= CHUNK_BYTES;
        let full = (is_large && self.last.as_ref() != Some(&mark)).then(|| self.take());
        self.bytes += event.record.len();
        self.events.push(event);
        self.last = Some(mark);
        Ok(full)
    }

    /// Returns the events that are not yet returned and empties the collection. The result may be empty.
    pub fn take(&mut self) -> Vec<StoredEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }
}
