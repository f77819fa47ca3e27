//! Tests of the comparison of event schemas and of the description of the event streams, with planted breaks.

use super::contract_comparison::{asyncapi_breaks, event_breaks};
use super::planted_breaks::set;
use serde_json::{Value, json};

#[test]
fn breaks_of_events_and_streams_are_found() {
    let schema =
        json!({ "type": "object", "required": ["at"], "properties": { "at": { "type": "integer" } } });
    let published = json!({ "lamp.lit": { "version": 1, "schema": schema } });
    assert_eq!(event_breaks(&published, &published), Vec::<String>::new());
    assert_eq!(
        event_breaks(&published, &json!({})),
        ["lamp.lit: the kind was removed"]
    );
    let mut later = published.clone();
    set(&mut later, "/lamp.lit/schema/properties/at/type", json!("string"));
    assert_eq!(event_breaks(&published, &later).len(), 2, "narrowed and widened");
    set(&mut later, "/lamp.lit/version", json!(2));
    assert_eq!(
        event_breaks(&published, &later),
        Vec::<String>::new(),
        "another version"
    );
    assert_eq!(
        event_breaks(&later, &published),
        ["lamp.lit: the version was lowered"]
    );

    let payload = json!({ "type": "object", "required": ["id"], "properties": {
        "id": { "type": "string" }, "kindversion": { "const": 1 }, "data": { "$ref": "/schemas/lamp.lit/1" } } });
    let streams = json!({
        "channels": { "events": { "address": "/events", "messages": { "lamp.lit": {} } } },
        "operations": { "follow": { "action": "send" } },
        "components": { "messages": { "lamp.lit": { "payload": payload } } },
    });
    assert_eq!(asyncapi_breaks(&streams, &streams), Vec::<String>::new());
    let planted = [
        ("/channels/events", Value::Null, "events: the channel was removed"),
        ("/channels/events/address", json!("/other"), "another address"),
        (
            "/channels/events/messages/lamp.lit",
            Value::Null,
            "the message was removed",
        ),
        ("/operations/follow", Value::Null, "the operation was removed"),
        (
            "/components/messages/lamp.lit/payload/required/0",
            Value::Null,
            "id: the member may now be missing",
        ),
        (
            "/components/messages/lamp.lit/payload/properties/id",
            Value::Null,
            "id: the member was removed",
        ),
    ];
    for (pointer, value, expected) in planted {
        let mut present = streams.clone();
        set(&mut present, pointer, value);
        let found = asyncapi_breaks(&streams, &present);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{pointer}: {found:?}"
        );
    }
}
