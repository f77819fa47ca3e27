//! Cuts a run of events into pieces that a store takes over at once, never within one command's events.

use domain::ids::{CommandId, StreamId};
use domain::ports::event_store::{APPEND_EVENTS_MAX, PAGE_EVENTS_MAX};
use domain::stored_event::{StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;

/// A piece this large is given out at the next command's first event.
const CHUNK_EVENTS: usize = PAGE_EVENTS_MAX - APPEND_EVENTS_MAX;
/// Likewise in bytes of records, so that memory and a transaction stay small.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// What the events of one append share.
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

/// Collects events until they are worth a call of `EventStore::load`.
#[derive(Debug, Default)]
pub struct Chunks {
    events: Vec<StoredEvent>,
    bytes: usize,
    last: Option<BatchMark>,
}

impl Chunks {
    /// Takes the next event; answers the piece before it when that is large enough and ends a command.
    pub fn push(&mut self, event: StoredEvent) -> Result<Option<Vec<StoredEvent>>, UnreadableRecord> {
        let mark = BatchMark::of(&event)?;
        let is_large = self.events.len() >= CHUNK_EVENTS || self.bytes >= CHUNK_BYTES;
        let full = (is_large && self.last.as_ref() != Some(&mark)).then(|| self.take());
        self.bytes += event.record.len();
        self.events.push(event);
        self.last = Some(mark);
        Ok(full)
    }

    /// What is left; empty when there is nothing.
    pub fn take(&mut self) -> Vec<StoredEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }
}
