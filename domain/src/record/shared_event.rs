//! Stored events that many are given a copy of: whoever is first to ask for the envelope parses it for all.

use crate::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use crate::time::Timestamp;
use std::sync::{Arc, OnceLock};

/// An envelope that is parsed once for all copies of an event; nothing is kept of one that is not shared. Two
/// events are the same whether or not anybody has parsed them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parsed(Option<Arc<OnceLock<Arc<Envelope>>>>);

impl PartialEq for Parsed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Parsed {}

impl StoredEvent {
    pub const fn new(position: Position, recorded_at: Timestamp, record: Arc<[u8]>) -> Self {
        Self {
            position,
            recorded_at,
            record,
            parsed: Parsed(None),
        }
    }

    /// One that many will be given a copy of. Its record is not changed any more.
    pub fn shared(position: Position, recorded_at: Timestamp, record: Arc<[u8]>) -> Self {
        Self {
            parsed: Parsed(Some(Arc::default())),
            ..Self::new(position, recorded_at, record)
        }
    }

    /// The same at another position.
    pub fn at(self, position: Position) -> Self {
        Self { position, ..self }
    }

    /// The envelope, parsed at most once where the event is shared; an error names the position.
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
