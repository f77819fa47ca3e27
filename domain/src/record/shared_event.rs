//! Stored events with many copies: the first reader of the envelope parses it for all of them.

use crate::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use crate::time::Timestamp;
use std::sync::{Arc, OnceLock};

/// The cache of an event's envelope, which all copies of the event share; empty for an event that is not
/// shared. It does not affect the equality of events.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParsedEnvelope(Option<Arc<OnceLock<Arc<Envelope>>>>);

impl PartialEq for ParsedEnvelope {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ParsedEnvelope {}

impl StoredEvent {
    pub const fn new(position: Position, recorded_at: Timestamp, record: Arc<[u8]>) -> Self {
        Self {
            position,
            recorded_at,
            record,
            parsed: ParsedEnvelope(None),
        }
    }

    /// Creates a stored event that will be copied: its envelope is parsed once for all copies. The record
    /// must not change afterwards.
    pub fn shared(position: Position, recorded_at: Timestamp, record: Arc<[u8]>) -> Self {
        Self {
            parsed: ParsedEnvelope(Some(Arc::default())),
            ..Self::new(position, recorded_at, record)
        }
    }

    /// Returns this event with another log position.
    pub fn at(self, position: Position) -> Self {
        Self { position, ..self }
    }

    /// Returns the event's envelope; parsed at most once if the event is shared. Fails, naming the
    /// position, if the record cannot be read.
    pub fn shared_envelope(&self) -> Result<Arc<Envelope>, UnreadableRecord> {
        let Some(parsed) = &self.parsed.0 else {
            return self.envelope().map(Arc::new);
        };
        if let Some(envelope) = parsed.get() {
            return Ok(Arc::clone(envelope));
        }
        let envelope = Arc::new(self.envelope()?);
        Ok(Arc::clone(parsed.get_or_init(|| envelope)))
    }
}
