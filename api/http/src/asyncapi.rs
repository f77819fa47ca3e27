//! The AsyncAPI 3.0 document of the event streams, generated from the event kinds of this build.

use application::event_schemas::{all, path_of};
use serde_json::{Map, Value, json};

/// Builds the document.
pub(crate) fn document() -> Value {
    let messages = all().iter().map(|one| {
        let payload = json!({
            "type": "object",
            "description": "CloudEvents 1.0 in JSON format; personal values are sealed, as stored",
            "required": ["specversion", "id", "source", "type", "time", "position", "kindversion", "data"],
            "properties": {
                "specversion": { "const": "1.0" },
                "id": { "type": "string", "format": "uuid" },
                "source": { "type": "string" },
                "type": { "const": one.kind },
                "subject": { "type": "string" },
                "time": { "type": "string", "format": "date-time" },
                "position": { "type": "string", "pattern": "^[0-9]+$" },
                "kindversion": { "const": one.version },
                "data": { "$ref": path_of(&one.kind, one.version) },
            },
        });
        let summary = one.schema.get("description").cloned().unwrap_or(Value::Null);
        let message = json!({
            "name": one.kind,
            "title": one.kind,
            "summary": summary,
            "contentType": "application/json",
            "payload": payload,
        });
        (one.kind.clone(), message)
    });
    let messages: Map<String, Value> = messages.collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "ledgerline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every event of the log, from any position, without a gap. Later releases add kinds and members: \
                ignore those that you do not know.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": channel("/api/v1/events/stream", "Server-sent events", "text/event-stream", &messages),
            "eventsSocket": channel("/api/v1/events/ws", "WebSocket (RFC 6455)", "application/json", &messages),
        },
        "operations": {
            "followEvents": { "action": "send", "channel": { "$ref": "#/channels/events" },
                "summary": "Follow events after a position, then new ones as they are stored" },
            "followEventsBySocket": { "action": "send", "channel": { "$ref": "#/channels/eventsSocket" },
                "summary": "Follow the same events over a WebSocket" },
        },
        "components": { "messages": messages },
    })
}

fn channel(address: &str, title: &str, kind: &str, messages: &Map<String, Value>) -> Value {
    let references = messages.keys().map(|kind| {
        let reference = json!({ "$ref": format!("#/components/messages/{kind}") });
        (kind.clone(), reference)
    });
    let references: Map<String, Value> = references.collect();
    json!({ "address": address, "title": title, "description": format!("{title}, {kind}"),
        "messages": references })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_the_document_refers_to_is_missing() {
        let document_value = document();
        let channels = document_value["channels"].as_object().unwrap();
        for (name, channel) in channels {
            for (kind, reference) in channel["messages"].as_object().unwrap() {
                let place = reference["$ref"].as_str().unwrap().trim_start_matches('#');
                let message = document_value
                    .pointer(place)
                    .unwrap_or_else(|| panic!("{name} {kind}"));
                let data = message.pointer("/payload/properties/data/$ref").unwrap();
                assert!(data.as_str().unwrap().starts_with("/api/v1/events/schemas/"));
            }
        }
        for operation in document_value["operations"].as_object().unwrap().values() {
            let place = operation["channel"]["$ref"]
                .as_str()
                .unwrap()
                .trim_start_matches('#');
            assert!(document_value.pointer(place).is_some());
        }
    }
}
