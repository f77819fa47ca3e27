//! Searches the audit trail: every event by actor, kind, time, subject and words, read from the records
//! themselves, so that the count is exact and the result can be proved.
//!
//! No index and no view is used: one that lacked an event would hide it. Sealed values stay sealed, and their
//! words are not found.

use crate::event_bundles::Selection;
use crate::log_walk::FilteredEventReader;
use application::cloud_event::{EventData, EventParts};
use domain::event_filter::EventFilter;
use domain::ids::{CampaignId, CustomerId, EventId, StreamId};
use domain::number_ids::NumberIdForm;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Envelope, Position, StoredEvent};
use domain::time::Timestamp;
use projections::views::audit_trail::find_actor;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::proof::bundle::Reason;

/// Most events on a page, and in a file with its proof.
pub const FOUND_MAX: usize = 1_000;

/// The conditions of a search; all that are given must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditSearchFilter {
    /// Name of the actor.
    pub by: Option<String>,
    /// An event kind; with a dot at its end, all kinds that begin with it.
    pub kind: Option<String>,
    /// Bounds of the events' own times: the first inclusive, the last exclusive.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Things that the event must belong to or name; each by any of its names.
    pub named: Vec<AuditSearchSubject>,
    /// Words that must all occur in the event, regardless of case.
    pub words: Vec<String>,
}

/// A thing (call, customer, user …) that a search names, with the names under which events refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSearchSubject {
    /// Streams of the thing, and of what was refused to it.
    pub streams: Vec<String>,
    /// Names of the thing in the data of other events.
    pub names: Vec<String>,
}

/// An event found by a search of the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FoundEvent {
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    pub id: EventId,
    pub kind: String,
    pub stream: StreamId,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_whom: Option<String>,
    /// Data of the event; personal values are sealed as stored.
    #[schemars(with = "EventData")]
    pub data: Box<RawValue>,
}

impl FoundEvent {
    /// Returns the event with ids of phone numbers in the form that the reader may see.
    #[must_use]
    pub fn showing(mut self, ids: NumberIdForm) -> Self {
        let shown = EventParts {
            id: self.id,
            customer: self.customer.as_ref(),
            stream: self.stream,
            data: Some(self.data),
        };
        let (stream, data) = shown.with(ids);
        self.stream = stream;
        self.data = data.unwrap_or_default();
        self
    }
}

/// A page of events found by a search of the audit trail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditSearchPage {
    pub items: Vec<FoundEvent>,
    /// Number of events found on all pages.
    pub total: u64,
    /// Log position up to which the search read.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    /// Position after which the next page begins.
    pub next: Option<String>,
}

/// Reads the whole log up to `until`, counts the matching events and returns at most `limit` of them after
/// the position `after`.
pub async fn search(
    store: &dyn EventStore,
    wanted: &AuditSearchFilter,
    after: Position,
    limit: usize,
    until: Position,
) -> Result<AuditSearchPage, Problem> {
    let limit = limit.clamp(1, FOUND_MAX);
    let mut found = AuditSearchPage {
        items: Vec::new(),
        total: 0,
        position: until,
        next: None,
    };
    each(store, wanted, until, |stored, envelope| {
        found.total += 1;
        if stored.position <= after {
            return Ok(());
        }
        if found.items.len() < limit {
            found.items.push(shown(stored, envelope));
        } else if found.next.is_none() {
            found.next = found.items.last().map(|last| last.position.to_string());
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Selects all matching events up to `until` for a proof. Fails above `FOUND_MAX`.
pub async fn select(
    store: &dyn EventStore,
    wanted: &AuditSearchFilter,
    until: Position,
) -> Result<Selection, Problem> {
    let mut selection = Selection::default();
    each(store, wanted, until, |stored, _| {
        if selection.events.len() >= FOUND_MAX {
            let detail = format!("more than {FOUND_MAX} events match: narrow the search");
            return Err(Problem::refused("too-many-events", detail));
        }
        selection.add(stored, Reason::Subject)
    })
    .await?;
    Ok(selection)
}

async fn each(
    store: &dyn EventStore,
    wanted: &AuditSearchFilter,
    until: Position,
    mut take: impl FnMut(StoredEvent, Envelope) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let filter = EventFilter {
        kinds: wanted.kind.iter().cloned().collect(),
        campaign: wanted.campaign.clone(),
        customer: wanted.customer.clone(),
        ..EventFilter::default()
    };
    let words: Vec<String> = wanted.words.iter().map(|word| word.to_lowercase()).collect();
    let mut log = FilteredEventReader::new(store, filter).between(Position(0), until);
    while let Some(page) = log.next().await? {
        for stored in page {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            if fits(wanted, &words, &envelope) {
                take(stored, envelope)?;
            }
        }
    }
    Ok(())
}

fn fits(wanted: &AuditSearchFilter, words: &[String], envelope: &Envelope) -> bool {
    let in_time =
        wanted.from.is_none_or(|from| envelope.at >= from) && wanted.to.is_none_or(|to| envelope.at < to);
    let acted = |by: &String| find_actor(envelope).as_ref() == Some(by);
    if !in_time || !wanted.by.as_ref().is_none_or(acted) {
        return false;
    }
    if wanted.named.is_empty() && words.is_empty() {
        return true;
    }
    let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
    let is_named = |thing: &AuditSearchSubject| {
        let is_own = thing
            .streams
            .iter()
            .any(|stream| stream == envelope.stream.as_str());
        is_own || thing.names.iter().any(|name| says(&data, name))
    };
    if !wanted.named.iter().all(is_named) {
        return false;
    }
    let mut text = format!("{} {} ", envelope.kind, envelope.stream);
    text.push_str(&find_actor(envelope).unwrap_or_default());
    add_words(&data, &mut text);
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// Returns true if a text in the data, at any depth, equals this name.
fn says(data: &Value, name: &str) -> bool {
    match data {
        Value::String(text) => text == name,
        Value::Array(items) => items.iter().any(|item| says(item, name)),
        Value::Object(members) => members.values().any(|member| says(member, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Appends every text and number of the data, except sealed values, to the text in which words are searched
/// for.
fn add_words(data: &Value, text: &mut String) {
    match data {
        Value::String(word) => {
            text.push(' ');
            text.push_str(word);
        }
        Value::Number(number) => {
            text.push(' ');
            text.push_str(&number.to_string());
        }
        Value::Array(items) => items.iter().for_each(|item| add_words(item, text)),
        Value::Object(members) if members.contains_key("sealed") => {}
        Value::Object(members) => members.values().for_each(|member| add_words(member, text)),
        Value::Null | Value::Bool(_) => {}
    }
}

fn shown(stored: StoredEvent, envelope: Envelope) -> FoundEvent {
    FoundEvent {
        position: stored.position,
        id: envelope.id,
        by_whom: find_actor(&envelope),
        kind: envelope.kind,
        stream: envelope.stream,
        at: envelope.at,
        recorded_at: stored.recorded_at,
        campaign: envelope.campaign,
        customer: envelope.customer,
        data: envelope.data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn envelope(kind: &str, stream: &str, by: Option<&str>, data: &Value) -> Envelope {
        let by = by.map(|name| json!({ "name": name, "via": "session" }));
        let record = json!({
            "id": "00000000-0000-5000-8000-000000000001", "kind": kind, "version": 1, "stream": stream,
            "stream_version": 1, "at": "2026-03-02T10:00:00Z", "command": "00000000-0000-5000-8000-000000000002",
            "by": by, "data": data,
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_thing_is_found_by_its_stream_and_wherever_it_is_named_and_no_word_in_what_is_sealed() {
        let read = envelope(
            "inquiry.personal_data_read",
            "inquiry-1",
            Some("wang"),
            &json!({ "calls": ["c1", "c2"], "reason": "Complaint 17", "name": { "sealed": "Zhang" } }),
        );
        let thing = |stream: &str, name: &str| AuditSearchFilter {
            named: vec![AuditSearchSubject {
                streams: vec![stream.to_owned()],
                names: vec![name.to_owned()],
            }],
            ..AuditSearchFilter::default()
        };
        assert!(fits(&thing("call-c2", "c2"), &[], &read));
        assert!(
            !fits(&thing("call-c", "c"), &[], &read),
            "a part of an id does not match"
        );
        let own = envelope("call.ended", "call-c9", None, &json!({}));
        assert!(fits(&thing("call-c9", "c9"), &[], &own));
        let words = |text: &str| text.split(' ').map(str::to_lowercase).collect::<Vec<_>>();
        let any = AuditSearchFilter::default();
        assert!(fits(&any, &words("complaint 17 READ wang"), &read));
        assert!(!fits(&any, &words("complaint 18"), &read));
        assert!(!fits(&any, &words("zhang"), &read), "sealed as it is");
    }

    #[test]
    fn who_acted_and_when_hold_at_their_edges() {
        let acted = envelope("user.signed_in", "user-wang", Some("wang"), &json!({}));
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let wanted = |by: &str, from: &str, to: &str| AuditSearchFilter {
            by: Some(by.to_owned()),
            from: at(from),
            to: at(to),
            ..AuditSearchFilter::default()
        };
        let (ten, later) = ("2026-03-02T10:00:00Z", "2026-03-02T10:00:01Z");
        assert!(fits(&wanted("wang", ten, later), &[], &acted));
        assert!(!fits(&wanted("li", ten, later), &[], &acted));
        assert!(!fits(&wanted("wang", later, later), &[], &acted));
        assert!(!fits(&wanted("wang", ten, ten), &[], &acted));
    }
}
