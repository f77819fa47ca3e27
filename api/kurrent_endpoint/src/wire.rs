//! Converts our events, ids, revisions, positions and metadata to the protocol's messages.

use crate::generated::event_store::client::streams::read_resp::{Content, ReadEvent, read_event};
use crate::generated::event_store::client::streams::{ReadResp, read_resp};
use crate::generated::event_store::client::{StreamIdentifier, Uuid as WireUuid, uuid as wire_uuid};
use crate::generated::google::protobuf::Timestamp as WireTimestamp;
use crate::positions::Positions;
use domain::ids::{CampaignId, EventId, StreamId};
use domain::number_ids::NumberIdForm;
use domain::permission::CampaignScope;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use tonic::Status;
use uuid::Uuid;

/// The member of the custom metadata with `recorded_at`, in microseconds since 1970.
pub(crate) const RECORDED_AT_MEMBER: &str = "recorded_at_us";

/// KurrentDB's `created` counts 100-ns ticks since 1970.
const TICKS_PER_MICROSECOND: i64 = 10;

/// The facts of a record that the protocol shows besides its bytes.
pub(crate) struct RecordMetadata<'a> {
    pub(crate) id: EventId,
    pub(crate) kind: Cow<'a, str>,
    pub(crate) stream: Cow<'a, str>,
    pub(crate) version: StreamVersion,
    pub(crate) causation: Option<EventId>,
    pub(crate) correlation: Option<Uuid>,
    pub(crate) campaign: Option<CampaignId>,
}

impl RecordMetadata<'_> {
    /// Reads the facts from a stored record.
    pub(crate) fn of(event: &StoredEvent) -> Result<RecordMetadata<'static>, Status> {
        let envelope = event
            .envelope()
            .map_err(|error| Status::data_loss(error.to_string()))?;
        Ok(RecordMetadata {
            id: envelope.id,
            kind: envelope.kind.into(),
            stream: String::from(envelope.stream.as_str()).into(),
            version: envelope.stream_version,
            causation: envelope.causation,
            correlation: envelope.correlation,
            campaign: envelope.campaign,
        })
    }
}

/// The form of ids and positions that a client gets, and the events that it may see.
#[derive(Debug, Clone)]
pub(crate) struct ClientView {
    pub(crate) positions: Positions,
    pub(crate) structured_ids: bool,
    pub(crate) campaigns: CampaignScope,
    pub(crate) number_ids: NumberIdForm,
}

impl ClientView {
    /// Returns true if the client may see an event. With access to some campaigns only, events without a
    /// campaign are not visible.
    pub(crate) fn sees(&self, facts: &RecordMetadata<'_>) -> bool {
        match &facts.campaign {
            Some(campaign) => self.campaigns.admits(campaign),
            None => self.campaigns.is_all(),
        }
    }

    pub(crate) fn event(&self, event: &StoredEvent, facts: &RecordMetadata<'_>) -> ReadResp {
        let keyed = self.number_ids.of_event(event);
        let stream = match self.number_ids {
            NumberIdForm::AsStored => None,
            NumberIdForm::Keyed => keyed.envelope().ok().map(|envelope| envelope.stream.to_string()),
        };
        let stream = stream.as_deref().unwrap_or(&facts.stream);
        let shown = self.positions.shown(event.position);
        let created = event.recorded_at.micros().saturating_mul(TICKS_PER_MICROSECOND);
        let recorded = read_event::RecordedEvent {
            id: Some(self.id(facts.id.uuid())),
            stream_identifier: Some(identifier(stream)),
            stream_revision: revision(facts.version),
            prepare_position: shown,
            commit_position: shown,
            metadata: HashMap::from([
                ("type".to_owned(), facts.kind.to_string()),
                ("content-type".to_owned(), "application/json".to_owned()),
                ("created".to_owned(), created.to_string()),
            ]),
            custom_metadata: custom_metadata(event.recorded_at, facts).into(),
            data: bytes::Bytes::copy_from_slice(&keyed.record),
        };
        content(Content::Event(ReadEvent {
            event: Some(recorded),
            link: None,
            position: Some(read_event::Position::CommitPosition(shown)),
        }))
    }

    pub(crate) fn checkpoint(&self, position: Position, now: Timestamp) -> ReadResp {
        let shown = self.positions.shown(position);
        content(Content::Checkpoint(read_resp::Checkpoint {
            commit_position: shown,
            prepare_position: shown,
            timestamp: Some(wire_time(now)),
        }))
    }

    pub(crate) fn caught_up(&self, at: &SubscriptionProgress, now: Timestamp) -> ReadResp {
        content(Content::CaughtUp(read_resp::CaughtUp {
            timestamp: Some(wire_time(now)),
            stream_revision: at.revision(),
            position: at.position(self.positions),
        }))
    }

    pub(crate) fn fell_behind(&self, at: &SubscriptionProgress, now: Timestamp) -> ReadResp {
        content(Content::FellBehind(read_resp::FellBehind {
            timestamp: Some(wire_time(now)),
            stream_revision: at.revision(),
            position: at.position(self.positions),
        }))
    }

    fn id(&self, id: Uuid) -> WireUuid {
        let value = if self.structured_ids {
            let (most, least) = id.as_u64_pair();
            wire_uuid::Value::Structured(wire_uuid::Structured {
                most_significant_bits: most.cast_signed(),
                least_significant_bits: least.cast_signed(),
            })
        } else {
            wire_uuid::Value::String(id.to_string())
        };
        WireUuid { value: Some(value) }
    }
}

/// The progress of a subscription, in the terms of its kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SubscriptionProgress {
    /// A stream's version; 0 while it has no events.
    Stream(StreamVersion),
    /// A position of the log; 0 while it is empty.
    All(Position),
}

impl SubscriptionProgress {
    fn revision(self) -> Option<i64> {
        match self {
            Self::Stream(version) => i64::try_from(version.0.checked_sub(1)?).ok(),
            Self::All(_) => None,
        }
    }

    fn position(self, positions: Positions) -> Option<read_resp::Position> {
        match self {
            Self::All(position) if position.0 > 0 => {
                let shown = positions.shown(position);
                Some(read_resp::Position {
                    commit_position: shown,
                    prepare_position: shown,
                })
            }
            Self::All(_) | Self::Stream(_) => None,
        }
    }
}

pub(crate) fn content(content: Content) -> ReadResp {
    ReadResp {
        content: Some(content),
    }
}

pub(crate) fn not_found(stream: &StreamId) -> ReadResp {
    content(Content::StreamNotFound(read_resp::StreamNotFound {
        stream_identifier: Some(identifier(stream.as_str())),
    }))
}

pub(crate) fn confirmation(id: Uuid) -> ReadResp {
    content(Content::Confirmation(read_resp::SubscriptionConfirmation {
        subscription_id: id.to_string(),
    }))
}

/// Converts a version to a revision: versions count events from 1, revisions from 0.
pub(crate) const fn revision(version: StreamVersion) -> u64 {
    version.0.saturating_sub(1)
}

pub(crate) fn identifier(stream: &str) -> StreamIdentifier {
    StreamIdentifier {
        stream_name: bytes::Bytes::copy_from_slice(stream.as_bytes()),
    }
}

/// Reads a stream's name from a request.
pub(crate) fn stream_of(identifier: Option<StreamIdentifier>) -> Result<StreamId, Status> {
    let name = identifier.map(|one| one.stream_name).unwrap_or_default();
    match String::from_utf8(name.to_vec()) {
        Ok(name) if !name.is_empty() => Ok(StreamId::from_stored(name)),
        Ok(_) => Err(Status::invalid_argument("the stream's name is empty")),
        Err(_) => Err(Status::invalid_argument("the stream's name is not UTF-8")),
    }
}

/// Reads an id from a request, in either form.
pub(crate) fn uuid_of(id: Option<WireUuid>) -> Result<Uuid, Status> {
    match id.and_then(|id| id.value) {
        Some(wire_uuid::Value::Structured(parts)) => Ok(Uuid::from_u64_pair(
            parts.most_significant_bits.cast_unsigned(),
            parts.least_significant_bits.cast_unsigned(),
        )),
        Some(wire_uuid::Value::String(text)) => Uuid::parse_str(&text)
            .map_err(|error| Status::invalid_argument(format!("{text:?} is not an id: {error}"))),
        None => Err(Status::invalid_argument("an id is missing")),
    }
}

/// Returns the custom metadata: `recorded_at`, which the record does not contain, and the members that
/// KurrentDB's own tools use, `$correlationId` and `$causationId`.
fn custom_metadata(recorded_at: Timestamp, facts: &RecordMetadata<'_>) -> Vec<u8> {
    let mut members = Map::new();
    members.insert(RECORDED_AT_MEMBER.to_owned(), Value::from(recorded_at.micros()));
    if let Some(correlation) = facts.correlation {
        members.insert("$correlationId".to_owned(), Value::from(correlation.to_string()));
    }
    if let Some(causation) = facts.causation {
        members.insert("$causationId".to_owned(), Value::from(causation.to_string()));
    }
    Value::Object(members).to_string().into_bytes()
}

fn wire_time(at: Timestamp) -> WireTimestamp {
    let micros = at.micros();
    let nanos = micros.rem_euclid(1_000_000).saturating_mul(1_000);
    WireTimestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(nanos).unwrap_or(0),
    }
}
