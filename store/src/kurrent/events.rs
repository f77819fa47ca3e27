//! Converts records to the server's events and back: the record's bytes are the data; `recorded_at` and the
//! correlation ids are the metadata.

use domain::ids::EventId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Envelope, Position, Record, StoredEvent};
use domain::time::Timestamp;
use eventstore::{EventData, ResolvedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The custom metadata of an event. The two names with a dollar are KurrentDB's own.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    /// The commit time, in microseconds since 1970.
    recorded_at_us: i64,
    #[serde(rename = "$correlationId", default, skip_serializing_if = "Option::is_none")]
    correlation: Option<uuid::Uuid>,
    #[serde(rename = "$causationId", default, skip_serializing_if = "Option::is_none")]
    causation: Option<EventId>,
}

/// Parses the envelope of a record.
pub(super) fn envelope(bytes: &[u8], position: Position) -> Result<Envelope, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| {
        StoreError::Damaged(format!(
            "the event at position {position} is not a record: {error}"
        ))
    })
}

/// Converts a record to an event for an append.
pub(super) fn to_append(record: &Record, recorded_at: Timestamp) -> Result<EventData, StoreError> {
    let invalid = |error: serde_json::Error| StoreError::Invalid(error.to_string());
    let envelope: Envelope = serde_json::from_slice(record.bytes()).map_err(invalid)?;
    let metadata = Metadata {
        recorded_at_us: recorded_at.micros(),
        correlation: envelope.correlation,
        causation: envelope.causation,
    };
    // A raw value, so that the bytes stay as they are.
    let raw: Box<RawValue> = serde_json::from_slice(record.bytes()).map_err(invalid)?;
    EventData::json(&record.kind, &raw)
        .and_then(|event| event.id(record.id.uuid()).metadata_as_json(&metadata))
        .map_err(invalid)
}

/// Converts an event that was read from the server. If it has no metadata of ours (another program wrote
/// it), `recorded_at` is the server's own time.
pub(super) fn stored(event: &ResolvedEvent) -> StoredEvent {
    let event = event.get_original_event();
    let recorded_at = match serde_json::from_slice::<Metadata>(&event.custom_metadata) {
        Ok(metadata) => Timestamp::from_micros(metadata.recorded_at_us),
        Err(_) => Timestamp::from_micros(event.created.timestamp_micros()),
    };
    StoredEvent::new(
        Position(event.position.commit),
        recorded_at,
        event.data.as_ref().into(),
    )
}
