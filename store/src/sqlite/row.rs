//! Rows of the event table: converts events and numbers.

use super::digest;
use crate::error::from_sqlite;
use domain::event_filter::EventFacts;
use domain::ids::EventId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use rusqlite::Row;
use std::borrow::Cow;
use std::sync::Arc;
use uuid::Uuid;

/// The columns that `trusted` and `position` expect, in their order; `version` expects one more after them.
pub(super) const COLUMNS: &str = "pos, recorded_at, digest, record";

/// The columns that `stored_facts` expects after those: they were taken from the record when it was written.
pub(super) const FACTS: &str = "id, kind, stream, campaign, customer";

/// Returns the facts of an event that a filter examines, from the row's columns; the record is not read.
/// `audit verify` compares these columns with the records.
pub(super) fn stored_facts<'r>(row: &'r Row<'_>) -> Result<EventFacts<'r>, StoreError> {
    let damaged = || {
        let position = position(row).map_or(0, |position| position.0);
        StoreError::Damaged(format!("the columns at position {position} cannot be read"))
    };
    let column = |index| row.get_ref(index).map_err(|error| from_sqlite(&error));
    let text = |index| column(index)?.as_str_or_null().map_err(|_wrong_type| damaged());
    let id = column(4)?.as_blob().ok().and_then(|id| Uuid::from_slice(id).ok());
    Ok(EventFacts {
        id: EventId::new(id.ok_or_else(damaged)?),
        kind: text(5)?.ok_or_else(damaged)?.into(),
        stream: text(6)?.ok_or_else(damaged)?.into(),
        campaign: text(7)?.map(Cow::from),
        customer: text(8)?.map(Cow::from),
    })
}

/// Returns the event of a row if its digest is right, otherwise `Damaged` with its position. The record is
/// copied once, out of SQLite's page.
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
    if !digest::fits(stored, recorded_at, record) {
        return Err(damaged());
    }
    Ok(StoredEvent::new(position, recorded_at, Arc::from(record)))
}

pub(super) fn position(row: &Row<'_>) -> Result<Position, StoreError> {
    let number = row.get(0).map_err(|error| from_sqlite(&error))?;
    Ok(Position(unsigned(number)))
}

pub(super) fn version(row: &Row<'_>) -> Result<StreamVersion, StoreError> {
    let number = row.get(4).map_err(|error| from_sqlite(&error))?;
    Ok(StreamVersion(unsigned(number)))
}

/// Converts a number to SQLite's signed type. Numbers above its limit, which ours never reach, become the
/// limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Converts a stored number. A negative one, which is damage, becomes 0; the checks of positions and
/// versions reject it.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
