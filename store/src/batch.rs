//! Checks that are equal for all backends: whether a batch is well formed, and whether it is a repeat.

use domain::ids::StreamId;
use domain::ports::event_store::{APPEND_EVENTS_MAX, STREAM_BYTES_MAX, StoreError};
use domain::stored_event::{Position, RECORD_BYTES_MAX, Record, StreamVersion};
use std::collections::BTreeSet;

/// Returns an error if the batch must not be stored: a wrong number of records, a stream name that is too
/// long, an event id that occurs twice in the batch, or a record with a wrong stream, version or size.
pub(crate) fn check(
    stream: &StreamId,
    expected: StreamVersion,
    records: &[Record],
) -> Result<(), StoreError> {
    if records.is_empty() || records.len() > APPEND_EVENTS_MAX {
        return Err(StoreError::Invalid(format!(
            "a batch has 1 to {APPEND_EVENTS_MAX} events, not {}",
            records.len()
        )));
    }
    let name = stream.as_str();
    if name.len() > STREAM_BYTES_MAX || name.contains('\0') {
        return Err(StoreError::Invalid(format!(
            "a stream's name has at most {STREAM_BYTES_MAX} bytes and no zero byte"
        )));
    }
    // Most batches have one record and need no set.
    let mut ids = BTreeSet::new();
    let is_alone = records.len() == 1;
    for (record, version) in records.iter().zip(expected.0.saturating_add(1)..) {
        check_place(stream, StreamVersion(version), record)?;
        if !is_alone && !ids.insert(record.id) {
            return Err(StoreError::Invalid(format!(
                "event {} is twice in one batch",
                record.id
            )));
        }
    }
    Ok(())
}

fn check_place(stream: &StreamId, version: StreamVersion, record: &Record) -> Result<(), StoreError> {
    let bytes = record.bytes();
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(StoreError::Invalid(format!(
            "a record of {} bytes is too large",
            bytes.len()
        )));
    }
    // The record's fields were read from its bytes when it was made.
    if record.stream() != stream {
        return Err(StoreError::Invalid(format!(
            "record {} belongs to another stream than {stream}",
            record.id
        )));
    }
    if !record.fits_bytes() || record.stream_version != version {
        return Err(StoreError::Invalid(format!(
            "record {} has version {} instead of {}, or its fields differ from its bytes",
            record.id, record.stream_version.0, version.0
        )));
    }
    Ok(())
}

/// The location of a stored event that was found by its id: position, stream, version, and place in its
/// append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventLocation {
    pub(crate) position: Position,
    pub(crate) stream: StreamId,
    pub(crate) version: StreamVersion,
    /// Index of the event in its batch, from 0.
    pub(crate) batch_index: usize,
    pub(crate) batch_count: usize,
}

/// Decides whether an append is a repeat. `found`: for each record of the batch, the stored event with its
/// id. Returns the first append's position if the whole batch is stored, `None` if no id is. Otherwise
/// fails: part of a batch, several batches, or another stream.
pub(crate) fn repeat(
    stream: &StreamId,
    found: &[Option<EventLocation>],
) -> Result<Option<Position>, StoreError> {
    if found.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut previous: Option<&EventLocation> = None;
    for (index, event) in found.iter().enumerate() {
        let whole = event.as_ref().filter(|event| {
            event.stream == *stream
                && event.batch_index == index
                && event.batch_count == found.len()
                && previous.is_none_or(|previous| previous.version.0 + 1 == event.version.0)
        });
        if whole.is_none() {
            return Err(StoreError::PartlyStored {
                stream: stream.clone(),
            });
        }
        previous = whole;
    }
    Ok(previous.map(|last| last.position))
}
