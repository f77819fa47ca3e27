//! The record: how an event is written once and read permanently.
//!
//! A record is UTF-8 JSON of at most `RECORD_BYTES_MAX` bytes, made only by `record`, stored as a blob and
//! never serialized again, because proofs hash its bytes. Members in order: `id, kind, version, stream,
//! stream_version, at, causation, correlation, campaign, customer, command, by, request, traceparent,
//! rehearsal, data`; absent members are left out. `recorded_at` and the position are not part of it and
//! belong to the store.

pub use super::cause::{Cause, WritePriority};
pub use super::heading::{Heading, stream_in};
use super::personal_fields::seal_fields;
pub use super::personal_fields::{FieldLocation, OpenEventError, Sealer, open_personal_of, open_value};
pub use super::position::{Position, StreamVersion};
pub use super::record_error::{RECORD_BYTES_MAX, RecordError};
pub use super::request::{RequestFacts, RequestMark, TraceParent};
use super::shared_event::ParsedEnvelope;
use super::{heading, text};
use crate::actor::Actor;
use crate::decider::{Decider, EventData, Scope, UnreadableEvent};
use crate::ports::vault::{PersonKey, Vault, VaultError};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use values::ids::{CampaignId, CommandId, CustomerId, EventId, StreamId};

/// An event as a record, ready to be appended. Only `record` and `Record::from_stored` make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: EventId,
    pub kind: String,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub stream_version: StreamVersion,
    written: RecordLocation,
    bytes: Arc<[u8]>,
}

/// The id, stream and version that the bytes of a record contain.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordLocation {
    id: EventId,
    stream: StreamId,
    stream_version: StreamVersion,
}

impl Record {
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Returns the stream that the record's bytes name.
    pub fn stream(&self) -> &StreamId {
        &self.written.stream
    }

    /// Returns true if the record's bytes contain the id and version that its fields have.
    pub fn fits_bytes(&self) -> bool {
        self.written.id == self.id && self.written.stream_version == self.stream_version
    }

    /// Makes a record from bytes that `record` wrote elsewhere; fails if they cannot be parsed. The error
    /// has position 0, because the record has no position yet. The store that appends it checks its size,
    /// stream and version.
    pub fn from_stored(bytes: Arc<[u8]>) -> Result<Self, UnreadableRecord> {
        let envelope: Envelope = serde_json::from_slice(&bytes).map_err(|error| UnreadableRecord {
            position: Position(0),
            why: error.to_string(),
        })?;
        Ok(Self {
            id: envelope.id,
            kind: envelope.kind,
            campaign: envelope.campaign,
            customer: envelope.customer,
            stream_version: envelope.stream_version,
            written: RecordLocation {
                id: envelope.id,
                stream: envelope.stream,
                stream_version: envelope.stream_version,
            },
            bytes,
        })
    }
}

/// The parsed members of a record: everything around the event's data, and the data as raw JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    pub id: EventId,
    pub kind: String,
    pub version: u16,
    pub stream: StreamId,
    pub stream_version: StreamVersion,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<uuid::Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    pub command: CommandId,
    /// The user who requested it, in events since there are users; absent if the program itself continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// The mark of a request that may be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestMark>,
    /// The trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// True if the record was made under a rehearsal clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
    pub data: Box<RawValue>,
}

/// An event as the store returns it: the record's bytes, its position and when it was made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub position: Position,
    /// When the store made it durable: one instant per group commit, max(clock, last).
    pub recorded_at: Timestamp,
    pub record: Arc<[u8]>,
    pub(crate) parsed: ParsedEnvelope,
}

impl StoredEvent {
    /// Parses only the members of the record that rebuilding an entity needs. Fails, naming the position,
    /// if the record is unreadable.
    pub fn heading(&self) -> Result<Heading<'_>, UnreadableRecord> {
        if let Some(heading) = heading::read(&self.record) {
            return Ok(heading);
        }
        serde_json::from_slice(&self.record).map_err(|error| UnreadableRecord {
            position: self.position,
            why: error.to_string(),
        })
    }

    /// Parses the record's envelope. Fails, naming the position, if the record is unreadable.
    pub fn envelope(&self) -> Result<Envelope, UnreadableRecord> {
        serde_json::from_slice(&self.record).map_err(|error| UnreadableRecord {
            position: self.position,
            why: error.to_string(),
        })
    }
}

/// The error for a record that cannot be parsed: the store is damaged, or another program wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record at position {position} cannot be read: {why}")]
pub struct UnreadableRecord {
    pub position: Position,
    pub why: String,
}

/// The members of a record besides the event itself.
#[derive(Debug, Clone)]
pub struct RecordFacts {
    pub stream: StreamId,
    pub stream_version: StreamVersion,
    pub at: Timestamp,
    pub cause: Cause,
    /// Index of the event in its command's batch, from 0.
    pub index: usize,
    pub scope: Scope,
    pub rehearsal: bool,
}

/// Makes the record of one event and seals its personal fields (AAD = stream, event id, JSON pointer). Two
/// calls with equal arguments give the same id but other bytes (new nonces), so a retry must send the first
/// record again.
pub fn record<E: EventData>(
    facts: RecordFacts,
    event: &E,
    sealer: &mut Sealer<'_>,
) -> Result<Record, RecordError> {
    record_in_place(facts, &mut event.clone(), sealer)
}

/// Like `record`, without copying the event: its personal fields are sealed while it is written and are
/// open again afterwards, also after an error.
pub fn record_in_place<E: EventData>(
    facts: RecordFacts,
    event: &mut E,
    sealer: &mut Sealer<'_>,
) -> Result<Record, RecordError> {
    let id = EventId::derive(facts.cause.command, facts.index);
    let mut open = Vec::new();
    let sealed = seal_fields(&facts.stream, id, event, sealer, &mut open);
    let made = sealed.and_then(|()| written(facts, id, event));
    // If sealing failed, only the fields before the failure are sealed.
    let fields = event.personal().into_iter().zip(open);
    for ((_, field), value) in fields {
        *field = value;
    }
    made
}

/// Writes the record of an event with sealed personal fields.
fn written<E: EventData>(facts: RecordFacts, id: EventId, event: &E) -> Result<Record, RecordError> {
    let bytes = text::write(&facts, id, event)?;
    Ok(Record {
        id,
        kind: event.kind().to_owned(),
        campaign: facts.scope.campaign,
        customer: facts.scope.customer,
        stream_version: facts.stream_version,
        written: RecordLocation {
            id,
            stream: facts.stream,
            stream_version: facts.stream_version,
        },
        bytes: bytes.into(),
    })
}

/// Reads the event of a stored record as the aggregate's type.
pub fn read_event<D: Decider>(envelope: &Envelope) -> Result<D::Event, UnreadableEvent> {
    D::Event::read(&envelope.kind, envelope.version, &envelope.data)
}

/// Opens every personal field of an event read from `envelope`. Without a key the fields become `Erased`, as
/// do those of a transcript if its own key is not held.
pub fn open_personal<E: EventData>(
    envelope: &Envelope,
    event: &mut E,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<(), VaultError> {
    open_personal_of(&envelope.stream, envelope.id, event, vault, key)
}

/// Reads the event of a stored record and opens its personal fields, as [`open_personal`] does.
pub fn read_opened_event<D: Decider>(
    envelope: &Envelope,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<D::Event, OpenEventError> {
    let mut event = read_event::<D>(envelope)?;
    open_personal(envelope, &mut event, vault, key)?;
    Ok(event)
}
