//! Rows of the event table: numbers in and out, and the digest that names a damaged one.

use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use rusqlite::Row;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The columns `read` expects, in its order.
pub(super) const COLUMNS: &str = "pos, recorded_at, digest, record, version";

/// The event of a row, when it is what was written; `Damaged` names its position. The record is copied once,
/// out of SQLite's page.
pub(super) fn trusted(row: &Row<'_>) -> Result<StoredEvent, StoreError> {
    let position = position(row)?;
    let damaged = || {
        StoreError::Damaged(format!(
            "the record at position {position} is not what was written"
        ))
    };
    let column = |index| row.get_ref(index).map_err(|error| from_sqlite(&error));
    let (recorded_at, stored, record) = (column(1)?, column(2)?, column(3)?);
    let (Ok(recorded_at), Ok(stored), Ok(record)) =
        (recorded_at.as_i64(), stored.as_blob(), record.as_blob())
    else {
        return Err(damaged());
    };
    let recorded_at = Timestamp::from_micros(recorded_at);
    if stored != digest(recorded_at, record) {
        return Err(damaged());
    }
    Ok(StoredEvent {
        position,
        recorded_at,
        record: Arc::from(record),
    })
}

pub(super) fn position(row: &Row<'_>) -> Result<Position, StoreError> {
    let number = row.get(0).map_err(|error| from_sqlite(&error))?;
    Ok(Position(unsigned(number)))
}

pub(super) fn version(row: &Row<'_>) -> Result<StreamVersion, StoreError> {
    let number = row.get(4).map_err(|error| from_sqlite(&error))?;
    Ok(StreamVersion(unsigned(number)))
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
