//! Routes with the JSON Schemas of events and the AsyncAPI document of the event streams, for developers of
//! consumers.

use crate::api_description::ReadReply;
use crate::asyncapi;
use crate::endpoint::{Ctx, Endpoint, Input};
use application::event_schemas::{all, path_of};
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/events/schemas", "List event kinds", list)
            .describe("Returns each kind and version of events with the path of its schema.")
            .allow_caching()
            .open(),
        Endpoint::get(
            "/api/v1/events/schemas/{kind}/{version}",
            "Get the schema of an event",
            show,
        )
        .describe("Returns the JSON Schema of the member `data` for a kind and version.")
        .allow_caching()
        .open(),
        Endpoint::get(
            "/api/v1/asyncapi.json",
            "Get the description of the event streams",
            streams,
        )
        .describe("Returns channels and messages of the event streams in AsyncAPI 3.0.")
        .allow_caching()
        .open(),
    ]
}

/// All event kinds.
#[derive(Debug, Serialize, JsonSchema)]
struct EventKinds {
    items: Vec<EventKind>,
}

/// A kind of event in one version, with the path of its schema.
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

/// An AsyncAPI document. Its format is defined by AsyncAPI 3.0.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "asyncapi": "3.0.0" }]))]
#[serde(transparent)]
struct AsyncApiDocument(Map<String, Value>);

async fn list(_: Ctx, _: Input) -> Result<ReadReply<EventKinds>, Problem> {
    let kinds = all().iter().map(|one| EventKind {
        kind: &one.kind,
        version: one.version,
        schema: path_of(&one.kind, one.version),
    });
    Ok(ReadReply(EventKinds {
        items: kinds.collect(),
    }))
}

async fn show(_: Ctx, input: Input) -> Result<ReadReply<SchemaOfEvent>, Problem> {
    let (kind, version) = (input.param(0)?, input.param(1)?);
    let found = all()
        .iter()
        .find(|one| one.kind == kind && one.version.to_string() == version);
    let found = found.ok_or_else(|| Problem::missing("this kind and version of event"))?;
    Ok(ReadReply(SchemaOfEvent(&found.schema)))
}

/// The AsyncAPI document, built at its first use. It does not change while the process runs.
static STREAMS: LazyLock<AsyncApiDocument> = LazyLock::new(|| match asyncapi::document() {
    Value::Object(members) => AsyncApiDocument(members),
    _ => AsyncApiDocument(Map::new()),
});

async fn streams(_: Ctx, _: Input) -> Result<ReadReply<AsyncApiDocument>, Problem> {
    Ok(ReadReply(STREAMS.clone()))
}
