//! The shapes of events, and of the streams that tell them, for whoever writes a reader.

use crate::asyncapi;
use crate::described::Read;
use crate::endpoint::{Ctx, Endpoint, Input};
use application::event_schemas::{all, path_of};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/events/schemas",
            "Every kind of event and its version, with where its schema is",
            list,
        )
        .steady()
        .open(),
        Endpoint::get(
            "/api/v1/events/schemas/{kind}/{version}",
            "The JSON Schema of what an event of this kind and version holds (`data`)",
            show,
        )
        .steady()
        .open(),
        Endpoint::get(
            "/api/v1/asyncapi.json",
            "The streams of events, AsyncAPI 3.0: channels and messages by kind",
            streams,
        )
        .steady()
        .open(),
    ]
}

/// The kinds there are.
#[derive(Debug, Serialize, JsonSchema)]
struct EventKinds {
    items: Vec<EventKind>,
}

/// A kind of event.
#[derive(Debug, Serialize, JsonSchema)]
struct EventKind {
    #[schemars(example = &"call.ended")]
    kind: &'static str,
    #[schemars(example = 1)]
    version: u16,
    #[schemars(example = &"/api/v1/events/schemas/call.ended/1")]
    schema: String,
}

/// A JSON Schema (2020-12).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "title": "call.ended", "type": "object" }]))]
#[serde(transparent)]
struct SchemaOfEvent(&'static Map<String, Value>);

/// An AsyncAPI document; its form is that of AsyncAPI 3.0 itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "asyncapi": "3.0.0" }]))]
#[serde(transparent)]
struct Streams(Map<String, Value>);

async fn list(_: Ctx, _: Input) -> Result<Read<EventKinds>, Problem> {
    let kinds = all().iter().map(|one| EventKind {
        kind: &one.kind,
        version: one.version,
        schema: path_of(&one.kind, one.version),
    });
    Ok(Read(EventKinds {
        items: kinds.collect(),
    }))
}

async fn show(_: Ctx, input: Input) -> Result<Read<SchemaOfEvent>, Problem> {
    let (kind, version) = (input.param(0)?, input.param(1)?);
    let found = all()
        .iter()
        .find(|one| one.kind == kind && one.version.to_string() == version);
    let found = found.ok_or_else(|| Problem::missing("this kind and version of event"))?;
    Ok(Read(SchemaOfEvent(&found.schema)))
}

/// Made once: it is the same for the life of the process.
static STREAMS: LazyLock<Streams> = LazyLock::new(|| match asyncapi::document() {
    Value::Object(members) => Streams(members),
    _ => Streams(Map::new()),
});

async fn streams(_: Ctx, _: Input) -> Result<Read<Streams>, Problem> {
    Ok(Read(STREAMS.clone()))
}
