//! Stored events with many copies: the first reader of the envelope parses it for all of them.

use crate::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use crate::time::Timestamp;
use std::sync::{Arc, OnceLock};

/// An envelope that is parsed once for all copies of an event; empty for an event that is not shared. It does
/// not affect the equality of events.
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

    /// Returns an event that will be copied. Its record must not change afterwards.
    pub fn shared(position: Position, recorded_at: Timestamp, record: Arc<[u8]>) -> Self {
        Self {
            parsed: ParsedEnvelope(Some(Arc::default())),
            ..Self::new(position, recorded_at, record)
        }
    }

    /// Returns this event at another position.
    pub fn at(self, position: Position) -> Self {
        Self { position, ..self }
    }

    /// Returns the envelope, parsed at most once if the event is shared; an error names the position.
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
