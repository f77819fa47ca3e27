//! Records as the server's events, and back: the bytes are the data, what they do not say is the metadata.

use domain::ids::EventId;
use domain::ports::event_store::StoreError;
use domain::stored_event::{Envelope, Position, Record, StoredEvent};
use domain::time::Timestamp;
use eventstore::{EventData, ResolvedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The custom metadata of an event; the two names with a dollar are KurrentDB's own.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    /// Microseconds since 1970.
    recorded_at_us: i64,
    #[serde(rename = "$correlationId", default, skip_serializing_if = "Option::is_none")]
    correlation: Option<uuid::Uuid>,
    #[serde(rename = "$causationId", default, skip_serializing_if = "Option::is_none")]
    causation: Option<EventId>,
}

/// What a record says of itself that is needed here.
pub(super) fn envelope(bytes: &[u8], position: Position) -> Result<Envelope, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| {
        StoreError::Damaged(format!("the event at position {position} is no record: {error}"))
    })
}

/// A record as an event to append.
pub(super) fn to_append(record: &Record, recorded_at: Timestamp) -> Result<EventData, StoreError> {
    let invalid = |error: serde_json::Error| StoreError::Invalid(error.to_string());
    let envelope: Envelope = serde_json::from_slice(record.bytes()).map_err(invalid)?;
    let metadata = Metadata {
        recorded_at_us: recorded_at.micros(),
        correlation: envelope.correlation,
        causation: envelope.causation,
    };
    // Raw: the bytes go as they are.
    let raw: Box<RawValue> = serde_json::from_slice(record.bytes()).map_err(invalid)?;
    EventData::json(&record.kind, &raw)
        .and_then(|event| event.id(record.id.uuid()).metadata_as_json(&metadata))
        .map_err(invalid)
}

/// An event as it was read. Without our metadata (written by somebody else) the server's own time counts.
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
