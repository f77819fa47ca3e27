//! Rows of the event table: numbers in and out, and the digest that names a damaged one.

use domain::ids::StreamId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use rusqlite::Row;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The columns `read` expects, in its order.
pub(super) const COLUMNS: &str = "pos, recorded_at, digest, record, version";

/// A row as read, not yet trusted.
pub(super) struct EventRow {
    position: Position,
    recorded_at: Timestamp,
    digest: Vec<u8>,
    record: Vec<u8>,
    version: StreamVersion,
}

impl EventRow {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            position: Position(unsigned(row.get(0)?)),
            recorded_at: Timestamp::from_micros(row.get(1)?),
            digest: row.get(2)?,
            record: row.get(3)?,
            version: StreamVersion(unsigned(row.get(4)?)),
        })
    }

    /// The event, when it is what was written; `Damaged` names its position.
    pub(super) fn trusted(self) -> Result<StoredEvent, StoreError> {
        if self.digest != digest(self.recorded_at, &self.record) {
            return Err(StoreError::Damaged(format!(
                "the record at position {} is not what was written",
                self.position
            )));
        }
        Ok(StoredEvent {
            position: self.position,
            recorded_at: self.recorded_at,
            record: Arc::from(self.record),
        })
    }
}

/// Events of all streams: positions follow one another from `after`, or a row is gone.
pub(super) fn trusted_log(after: Position, rows: Vec<EventRow>) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events = Vec::with_capacity(rows.len());
    for (row, position) in rows.into_iter().zip(after.0.saturating_add(1)..) {
        if row.position.0 != position {
            return Err(StoreError::Damaged(format!(
                "the event at position {position} is missing"
            )));
        }
        events.push(row.trusted()?);
    }
    Ok(events)
}

/// Events of one stream: versions follow one another from `after`, or a row is gone.
pub(super) fn trusted_stream(
    stream: &StreamId,
    after: StreamVersion,
    rows: Vec<EventRow>,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events = Vec::with_capacity(rows.len());
    for (row, version) in rows.into_iter().zip(after.0.saturating_add(1)..) {
        if row.version.0 != version {
            return Err(StoreError::Damaged(format!(
                "version {version} of {stream} is missing"
            )));
        }
        events.push(row.trusted()?);
    }
    Ok(events)
}

/// First 8 bytes of SHA-256(recorded_at, 8 bytes big-endian, then the record).
pub(super) fn digest(recorded_at: Timestamp, record: &[u8]) -> [u8; 8] {
    let whole = Sha256::new()
        .chain_update(recorded_at.micros().to_be_bytes())
        .chain_update(record)
        .finalize();
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(whole) {
        *to = from;
    }
    first
}

/// SQLite's integers are signed; ours never come near the end of them.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number; a negative one is damage and reads as 0, which the checks above then refuse.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
