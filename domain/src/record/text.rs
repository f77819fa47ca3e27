//! Writes the text of a record: its members in their fixed order, `data` last.

use crate::actor::Actor;
use crate::decider::EventData;
use crate::record::ordered_json::append_data;
use crate::record::record_error::{RECORD_BYTES_MAX, RecordError};
use crate::record::request::{RequestMark, TraceParent};
use crate::record::stored_event::{RecordFacts, StreamVersion};
use crate::time::Timestamp;
use serde::Serialize;
use values::ids::{CampaignId, CommandId, CustomerId, EventId, StreamId};

/// Initial capacity in bytes of the buffer of a record; most records fit.
pub(crate) const USUAL_RECORD_BYTES: usize = 768;

/// Returns the bytes of an event's record. The event's personal fields must be sealed. Fails with
/// `TooLarge` or `Unwritable`.
pub(crate) fn write<E: EventData>(
    facts: &RecordFacts,
    id: EventId,
    event: &E,
) -> Result<Vec<u8>, RecordError> {
    let kind = event.kind();
    let unwritable = |why: String| RecordError::Unwritable { kind, why };
    let surroundings = EnvelopeFields {
        id,
        kind,
        version: event.version(),
        stream: &facts.stream,
        stream_version: facts.stream_version,
        at: facts.at,
        causation: facts.cause.causation,
        correlation: facts.cause.correlation,
        campaign: facts.scope.campaign.as_ref(),
        customer: facts.scope.customer.as_ref(),
        command: facts.cause.command,
        by: facts.cause.by,
        request: facts.cause.request.mark,
        traceparent: facts.cause.request.traceparent,
        rehearsal: facts.rehearsal,
    };
    let mut bytes = Vec::with_capacity(USUAL_RECORD_BYTES);
    serde_json::to_writer(&mut bytes, &surroundings).map_err(|error| unwritable(error.to_string()))?;
    // `data` is the last member.
    bytes.pop();
    bytes.extend_from_slice(b",\"data\":");
    append_data(event, &mut bytes).map_err(unwritable)?;
    bytes.push(b'}');
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(RecordError::TooLarge {
            kind,
            bytes: bytes.len(),
        });
    }
    Ok(bytes)
}

/// The members of a record before `data`, borrowed, in the order in which they are written.
#[derive(Serialize)]
struct EnvelopeFields<'a> {
    id: EventId,
    kind: &'a str,
    version: u16,
    stream: &'a StreamId,
    stream_version: StreamVersion,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a CampaignId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<&'a CustomerId>,
    command: CommandId,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestMark>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<TraceParent>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rehearsal: bool,
}
