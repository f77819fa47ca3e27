//! An event as a CloudEvents 1.0 message (JSON format), and pages of events. Personal fields stay sealed as
//! stored.

use domain::ids::{CustomerId, EventId, StreamId};
use domain::number_ids::NumberIdForm;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

/// One event as a CloudEvent. Absent members are left out. `position` is a decimal string because it may
/// exceed 2^53.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CloudEvent {
    #[schemars(example = &"1.0")]
    specversion: &'static str,
    #[schemars(with = "EventId")]
    id: String,
    #[schemars(example = &"/ledgerline")]
    source: &'static str,
    #[serde(rename = "type")]
    #[schemars(example = &"campaign.paused")]
    kind: String,
    /// The stream of the event: its aggregate and id.
    #[schemars(example = &"campaign-TASK20261120")]
    subject: String,
    #[schemars(with = "Timestamp")]
    time: String,
    #[schemars(example = &"application/json")]
    datacontenttype: &'static str,
    pub position: String,
    kindversion: u16,
    streamversion: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EventId>")]
    causationid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<EventId>")]
    correlationid: Option<String>,
    /// `traceparent` of the request that led to the event, if it was part of a trace (W3C Trace Context;
    /// CloudEvents extension Distributed Tracing).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rehearsal: bool,
    #[schemars(with = "EventData")]
    data: Box<RawValue>,
}

impl CloudEvent {
    /// Reads a stored event as a CloudEvent. Fails if the record is not a valid event.
    pub fn read(stored: &StoredEvent) -> Result<Self, UnreadableRecord> {
        Ok(Self::from_envelope(
            stored.position.to_string(),
            stored.envelope()?,
        ))
    }

    fn from_envelope(position: String, envelope: Envelope) -> Self {
        Self {
            specversion: "1.0",
            id: envelope.id.to_string(),
            source: "/ledgerline",
            kind: envelope.kind,
            subject: envelope.stream.to_string(),
            time: envelope.at.to_string(),
            datacontenttype: "application/json",
            position,
            kindversion: envelope.version,
            streamversion: envelope.stream_version.0,
            campaign: envelope.campaign.map(String::from),
            customer: envelope.customer.map(String::from),
            causationid: envelope.causation.map(|id| id.to_string()),
            correlationid: envelope.correlation.map(|id| id.to_string()),
            traceparent: envelope.traceparent.map(|trace| trace.to_string()),
            rehearsal: envelope.rehearsal,
            data: envelope.data,
        }
    }

    /// Returns the event as JSON on one line, members in the order of the contract.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the event as a JSON value.
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The parts of an event that can contain ids of phone numbers, for replies that show these parts outside
/// of a `CloudEvent`.
pub struct EventParts<'a> {
    pub id: EventId,
    pub customer: Option<&'a CustomerId>,
    pub stream: StreamId,
    pub data: Option<Box<RawValue>>,
}

impl EventParts<'_> {
    /// Returns the stream and the data with the ids of phone numbers in the form `ids`; with `AsStored`
    /// unchanged.
    pub fn with(self, ids: NumberIdForm) -> (StreamId, Option<Box<RawValue>>) {
        if ids == NumberIdForm::AsStored {
            return (self.stream, self.data);
        }
        let record = json!({
            "id": self.id, "customer": self.customer, "stream": self.stream, "data": self.data
        });
        let shown = ids.of_record(record);
        let stream = shown.get("stream").and_then(Value::as_str);
        let stream = stream.map_or(self.stream, |stream| StreamId::from_stored(stream.to_owned()));
        let data = shown.get("data").filter(|data| !data.is_null());
        let data = data.and_then(|data| to_raw_value(data).ok());
        (stream, data.filter(|_| self.data.is_some()))
    }
}

/// The content of an event. Its shape depends on the event's kind and version. Personal values are sealed
/// as stored.
#[derive(JsonSchema)]
#[schemars(transparent, example = json!({ "reason": "requested" }))]
pub struct EventData(#[expect(dead_code, reason = "its schema is all that is required")] Map<String, Value>);

/// A page of events, and the position from which to read on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventPage {
    items: Vec<CloudEvent>,
    next: String,
}

/// Builds a page, `{"items":[…],"next":"42"}`. `next` is the position from which to read on: that of the
/// last item, or `reached` if the reader looked further. Fails if a record is not a valid event.
pub fn page_of(page: &[StoredEvent], reached: Position, ids: NumberIdForm) -> Result<EventPage, Problem> {
    let mut items = Vec::with_capacity(page.len());
    for stored in page {
        items.push(read(&ids.of_event(stored))?);
    }
    let next = page.last().map_or(reached, |last| last.position.max(reached));
    Ok(EventPage {
        items,
        next: next.to_string(),
    })
}

fn read(stored: &StoredEvent) -> Result<CloudEvent, Problem> {
    CloudEvent::read(stored).map_err(|error| Problem::fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_shown_as_the_contract_says() {
        let record = json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "kind": "campaign.paused", "version": 1, "stream": "campaign-T", "stream_version": 3,
            "at": "2026-03-02T02:00:00.000000Z", "campaign": "T",
            "command": "00000000-0000-0000-0000-000000000002",
            "data": {"reason": "requested"}
        });
        let stored = StoredEvent::new(
            Position(42),
            Timestamp::EPOCH,
            record.to_string().into_bytes().into(),
        );
        let line = CloudEvent::read(&stored).unwrap().line();
        assert_eq!(
            line,
            "{\"specversion\":\"1.0\",\"id\":\"00000000-0000-0000-0000-000000000001\",\
             \"source\":\"/ledgerline\",\"type\":\"campaign.paused\",\"subject\":\"campaign-T\",\
             \"time\":\"2026-03-02T02:00:00.000000Z\",\"datacontenttype\":\"application/json\",\
             \"position\":\"42\",\"kindversion\":1,\"streamversion\":3,\"campaign\":\"T\",\"data\":{\"reason\":\"requested\"}}"
        );
    }
}
