//! The published description: OpenAPI 3.1, generated from the same list of endpoints as the router, and from
//! the types that their handlers read and return.

use crate::api_description::{DocumentedResponse, Schemas, example, of_path, schema_of, with_names};
use crate::auth::SESSION_COOKIE;
use crate::endpoint::{
    AccessRequirement, BodyKind, Endpoint, EndpointStatus, LogBeginning, ResponseDependency, VersionCheck,
};
use crate::operation_ids::operation_id;
use crate::problem_body::ProblemBody;
use crate::query_parameters::AFTER_POSITION;
use crate::reply::{ELSEWHERE, NOT_MODIFIED, POSITION_HEADER, RETRY_AFTER_SECONDS, status_of};
use application::parameter::Parameter;
use domain::problem::ProblemKind;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// Query parameter of every read: the route waits until the views have this log position.
const WAITS: Parameter = Parameter::number(AFTER_POSITION, "Wait until the views have this log position", 42);
const ONCE: Parameter = Parameter::text(
    "Idempotency-Key",
    "Makes the command idempotent: a repeat with the same key returns the first reply",
    "2026-11-20-pause-1",
);

/// Header of a write: the expected version.
const UNCHANGED: Parameter = Parameter::text(
    "If-Match",
    "Expected version (the `etag` of a write or read); the request fails with 412 if it is another",
    "\"v3\"",
);

/// Header parameter of a cacheable read: the tag of the response that the client has.
const UNLESS: Parameter = Parameter::text(
    "If-None-Match",
    "`etag` of the response that the client has; if it is unchanged, the reply is 304 without a body",
    "\"0f3a\"",
);

/// All kinds of problems; their responses are listed next to the schemas.
const KINDS: [ProblemKind; 16] = [
    ProblemKind::Invalid,
    ProblemKind::Missing,
    ProblemKind::WrongMethod,
    ProblemKind::Refused,
    ProblemKind::Disproved,
    ProblemKind::Conflict,
    ProblemKind::Stale,
    ProblemKind::Unconditional,
    ProblemKind::ApprovalNeeded,
    ProblemKind::Unauthenticated,
    ProblemKind::Forbidden,
    ProblemKind::TooLarge,
    ProblemKind::WrongMediaType,
    ProblemKind::Busy,
    ProblemKind::Unavailable,
    ProblemKind::Fault,
];

/// Builds the OpenAPI document of these endpoints.
pub(crate) fn document(endpoints: &[Endpoint]) -> Value {
    let mut schemas = Schemas::new();
    let problem = schema_of::<ProblemBody>(&mut schemas.sent);
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let item = paths
            .entry(endpoint.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(item) = item.as_object_mut() {
            let method = endpoint.method.as_str().to_lowercase();
            item.insert(method, operation(endpoint, &mut schemas));
        }
    }
    let (named, orders) = schemas.take();
    for body in bodies(&mut paths) {
        *body = with_names(body, &orders);
    }
    for content in contents(&mut paths) {
        // Files and streams have no example; a test finds other content without one.
        if let Some(shown) = content
            .get("schema")
            .and_then(|schema| example(schema, &named).ok())
        {
            content.insert("example".to_owned(), shown);
        }
    }
    let problems = KINDS.map(|kind| (kind_name(kind), problem_reply(kind, &problem)));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ledgerline",
            "summary": "Intelligent outbound calling (智能外呼)",
            "description": "Phones are masked in every reply. Errors are RFC 9457 problem details with a `code`. \
                A write answers `X-Event-Position`; a read with `?after_position=` waits for it.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": Map::from_iter(problems),
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer",
                    "description": "An API key of a user; on the server's own machine also the content of DIR/token" },
                "session": { "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
                    "description": "Session cookie set by POST /api/v1/sign-in; commands also send X-CSRF-Token" },
            },
        },
    })
}

fn operation(endpoint: &Endpoint, schemas: &mut Schemas) -> Value {
    let mut replies: Map<String, Value> = Map::new();
    for response in (endpoint.responses)(&mut schemas.sent) {
        replies.insert(response.status.to_string(), reply(response, endpoint.answer));
    }
    if endpoint.answer == ResponseDependency::TheLog {
        let there = json!({ "description": "Not modified: If-None-Match contains the current etag", "headers": tag() });
        replies.insert(NOT_MODIFIED.to_string(), there);
    }
    for kind in kinds(endpoint) {
        let reference = format!("#/components/responses/{}", kind_name(kind));
        replies.insert(status_of(kind).to_string(), json!({ "$ref": reference }));
    }
    let mut operation = json!({
        "operationId": operation_id(endpoint.method.as_str(), endpoint.path),
        "tags": [tag_of(endpoint.path)],
        "summary": endpoint.summary,
        "parameters": parameters(endpoint),
        "responses": replies,
    });
    let Some(members) = operation.as_object_mut() else {
        return operation;
    };
    if !endpoint.description.is_empty() {
        members.insert("description".to_owned(), json!(endpoint.description));
    }
    if let Some(body) = taken(endpoint, schemas) {
        members.insert("requestBody".to_owned(), body);
    }
    if endpoint.standing == EndpointStatus::Deprecated {
        members.insert("deprecated".to_owned(), json!(true));
    }
    if endpoint.open {
        // Stated for each operation: without it a client cannot tell whether a key is needed.
        members.insert("security".to_owned(), json!([]));
    } else {
        members.insert("security".to_owned(), json!([{ "key": [] }, { "session": [] }]));
        if let AccessRequirement::Permission(permission) = endpoint.needs {
            members.insert("x-permission".to_owned(), json!(permission));
        }
    }
    operation
}

/// Returns the kinds of problems that an operation can return.
fn kinds(endpoint: &Endpoint) -> Vec<ProblemKind> {
    let mut kinds = vec![
        ProblemKind::Invalid,
        ProblemKind::Busy,
        ProblemKind::Fault,
        ProblemKind::Unavailable,
    ];
    if !endpoint.open {
        kinds.extend([ProblemKind::Unauthenticated, ProblemKind::Forbidden]);
    }
    let is_command = endpoint.method != "GET";
    // An endpoint that redirects is part of a sign-in with an identity provider.
    let responses = (endpoint.responses)(&mut SchemaGenerator::default());
    let lets_in = responses.iter().any(|response| response.status == ELSEWHERE);
    if endpoint.open && (is_command || lets_in) {
        kinds.extend([ProblemKind::Unauthenticated, ProblemKind::Forbidden]);
    }
    if endpoint.path.contains('{') || !endpoint.query.is_empty() || is_command || lets_in {
        kinds.extend([ProblemKind::Missing, ProblemKind::Refused]);
    }
    if is_command {
        kinds.extend([
            ProblemKind::Conflict,
            ProblemKind::Stale,
            ProblemKind::TooLarge,
            ProblemKind::WrongMediaType,
        ]);
    }
    if endpoint.beginning == LogBeginning::ClientPosition {
        kinds.push(ProblemKind::Conflict);
    }
    if endpoint.writing == VersionCheck::Replaces {
        kinds.push(ProblemKind::Unconditional);
    }
    kinds
}

fn taken(endpoint: &Endpoint, schemas: &mut Schemas) -> Option<Value> {
    let (required, media_type, schema) = match endpoint.takes {
        BodyKind::Nothing => return None,
        BodyKind::Json(order) => {
            let schema = order(&mut schemas.read);
            // A body without required members may also be empty.
            (true, "application/json", schema)
        }
        BodyKind::File => (
            true,
            "application/octet-stream",
            json!({ "type": "string", "format": "binary",
                "description": "The file itself; the media type of the request does not matter" }),
        ),
    };
    let mut content = json!({ media_type: { "schema": schema } });
    if let (Some(form), Some(members)) = (endpoint.form, content.as_object_mut()) {
        let schema = form(&mut schemas.read);
        members.insert("multipart/form-data".to_owned(), json!({ "schema": schema }));
    }
    Some(json!({ "required": required, "content": content }))
}

/// Returns the description of the `etag` header.
fn tag() -> Value {
    json!({ "etag": { "description": "Unchanged as long as the reply is unchanged", "schema": { "type": "string" } } })
}

fn reply(response: DocumentedResponse, answer: ResponseDependency) -> Value {
    let content = response.content.into_iter();
    let content: Map<String, Value> = content
        .map(|(media_type, schema)| (media_type.to_owned(), json!({ "schema": schema })))
        .collect();
    let mut reply = json!({ "description": response.what });
    if let Some(members) = reply.as_object_mut() {
        if !content.is_empty() {
            members.insert("content".to_owned(), Value::Object(content));
        }
        if response.is_write {
            let headers = json!({
                POSITION_HEADER: { "description": "Log position of the write", "schema": { "type": "string" } },
                "etag": { "description": "Version after the write", "schema": { "type": "string" } },
            });
            members.insert("headers".to_owned(), headers);
        } else if answer == ResponseDependency::TheLog {
            members.insert("headers".to_owned(), tag());
        }
    }
    reply
}

fn problem_reply(kind: ProblemKind, schema: &Value) -> Value {
    let status = status_of(kind);
    let example = json!({ "type": "/api/v1/problems/missing", "title": kind.title(), "status": status,
        "detail": "what happened, to which input, and what to do", "code": "missing" });
    let mut reply = json!({
        "description": kind.title(),
        "content": { "application/problem+json": { "schema": schema, "example": example } },
    });
    let header = match kind {
        ProblemKind::Busy | ProblemKind::Unavailable => ("retry-after", RETRY_AFTER_SECONDS),
        ProblemKind::Unauthenticated => ("www-authenticate", "Bearer"),
        _ => return reply,
    };
    if let Some(members) = reply.as_object_mut() {
        let (name, shown) = header;
        let header = json!({ name: { "schema": { "type": "string" }, "example": shown } });
        members.insert("headers".to_owned(), header);
    }
    reply
}

fn kind_name(kind: ProblemKind) -> String {
    format!("{kind:?}")
}

/// Prefix of the API's paths.
const BASE: &str = "/api/v1";

/// Returns the tag of an operation: the first word of its path below the base path, or `server` if it has
/// none or is a document.
fn tag_of(path: &str) -> &str {
    let own = path.strip_prefix(BASE).unwrap_or_default();
    let word = own.split('/').find(|word| !word.is_empty());
    word.filter(|word| !word.contains('.')).unwrap_or("server")
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let in_path = of_path(endpoint.path).filter_map(|(_, known)| Some(known?.described("path")));
    let in_query = endpoint.query.iter().map(|one| one.described("query"));
    let waits = endpoint.method == "GET" && !endpoint.open;
    let after_position = waits.then(|| WAITS.described("query"));
    let in_header = endpoint.headers.iter().map(|one| one.described("header"));
    let is_command = endpoint.method != "GET";
    let key = [ONCE, UNCHANGED].into_iter().filter(|_| is_command);
    let key = key.map(|one| {
        let mut described = one.described("header");
        // An endpoint that replaces a stored value requires the version.
        let is_demanded = endpoint.writing == VersionCheck::Replaces && one.name == UNCHANGED.name;
        if let Some(members) = described.as_object_mut().filter(|_| is_demanded) {
            members.insert("required".to_owned(), json!(true));
        }
        described
    });
    let unless = (endpoint.answer == ResponseDependency::TheLog).then(|| UNLESS.described("header"));
    let of_request = in_path.chain(in_query).chain(after_position);
    of_request.chain(in_header).chain(unless).chain(key).collect()
}

/// Returns the operations of all paths.
fn operations(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut())
        .filter_map(Value::as_object_mut)
}

/// Returns the request bodies of all operations.
fn bodies(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    operations(paths).filter_map(|operation| operation.get_mut("requestBody"))
}

/// Returns every media type object of every request body and response, to be changed in place.
fn contents(paths: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let places = operations(paths).flat_map(|operation| {
        operation
            .iter_mut()
            .flat_map(|(name, place)| match name.as_str() {
                "requestBody" => vec![place],
                "responses" => place
                    .as_object_mut()
                    .into_iter()
                    .flat_map(|replies| replies.values_mut())
                    .collect(),
                _ => Vec::new(),
            })
    });
    places
        .filter_map(|place| place.get_mut("content")?.as_object_mut())
        .flat_map(|content| content.values_mut())
        .filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_description::validate::wrong;
    use crate::routes::endpoints;

    fn every(document: &Value) -> Vec<(String, &Map<String, Value>)> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                all.push((format!("{method} {path}"), operation.as_object().unwrap()));
            }
        }
        all
    }

    /// Checks that a media type has a schema, and an example that matches it.
    fn media_type(place: &str, content: &Value, named: &Map<String, Value>, faults: &mut Vec<String>) {
        let Some(schema) = content.get("schema") else {
            faults.push(format!("{place}: no schema"));
            return;
        };
        let kind = place.rsplit(' ').next().unwrap_or_default();
        match content.get("example") {
            Some(shown) => {
                let wrong = wrong(schema, shown);
                faults.extend(wrong.iter().map(|why| format!("{place}: example{why}")));
            }
            None if kind.ends_with("json") => {
                let why = example(schema, named).err().unwrap_or_default();
                faults.push(format!("{place}: {why}"));
            }
            None => {}
        }
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_a_tag_and_its_security() {
        let document = document(&endpoints());
        let all = every(&document);
        let ids: std::collections::BTreeSet<&str> = all
            .iter()
            .filter_map(|(_, operation)| operation["operationId"].as_str())
            .collect();
        assert_eq!(ids.len(), all.len(), "two operations have one id");
        assert_eq!(
            document.get("jsonSchemaDialect"),
            None,
            "Swagger UI opens with a warning where it is said"
        );
        for endpoint in endpoints() {
            let method = endpoint.method.as_str().to_lowercase();
            let operation = &document["paths"][endpoint.path][method.as_str()];
            assert!(operation["tags"][0].is_string(), "{method} {}", endpoint.path);
            let is_open = operation["security"].as_array().map(Vec::is_empty);
            assert_eq!(is_open, Some(endpoint.open), "{method} {}", endpoint.path);
        }
    }

    /// Requests without each of these are refused: see the tests of its route.
    #[test]
    fn what_an_address_must_hold_is_said_to_be_required() {
        let document = document(&endpoints());
        let mut demanded = Vec::new();
        for (name, operation) in every(&document) {
            let parameters = operation["parameters"].as_array().unwrap().iter();
            let demands = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
            demanded.extend(demands.map(|one| format!("{name} {}", one["name"].as_str().unwrap())));
        }
        let expected = [
            "get /api/v1/calls/{id}/recording reason",
            "get /api/v1/calls/{id}/recording/linked webhook",
            "get /api/v1/calls/{id}/recording/linked until",
            "get /api/v1/calls/{id}/recording/linked signature",
            "get /api/v1/calls/{id}/waveform reason",
            "get /api/v1/messages customer",
            "get /api/v1/metrics/{name}/comparison from",
            "get /api/v1/metrics/{name}/comparison to",
            "post /api/v1/models name",
        ];
        assert_eq!(demanded, expected);
    }

    #[test]
    fn every_reply_status_order_and_parameter_has_its_schema_and_an_example_of_it() {
        let document = document(&endpoints());
        let named = document["components"]["schemas"].as_object().unwrap();
        let mut faults = Vec::new();
        for (name, operation) in every(&document) {
            let replies = operation["responses"].as_object().unwrap();
            let is_done = |status: &String| status.starts_with(['1', '2', '3']);
            if !replies.keys().any(is_done) {
                faults.push(format!("{name}: never done"));
            }
            for (status, reply) in replies {
                if status.parse::<u16>().is_err() {
                    faults.push(format!("{name}: {status} is no status"));
                }
                for (kind, content) in reply["content"].as_object().into_iter().flatten() {
                    media_type(&format!("{name} {status} {kind}"), content, named, &mut faults);
                }
            }
            let taken = operation.get("requestBody").map(|body| &body["content"]);
            for (kind, content) in taken.and_then(Value::as_object).into_iter().flatten() {
                media_type(&format!("{name} order {kind}"), content, named, &mut faults);
            }
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = name.matches('{').count();
            if parameters.iter().filter(|one| one["in"] == "path").count() != in_path {
                faults.push(format!("{name}: a parameter of the path is not described"));
            }
            for parameter in parameters {
                let wrong = wrong(&parameter["schema"], &parameter["example"]);
                faults.extend(
                    wrong
                        .iter()
                        .map(|why| format!("{name} {}: {why}", parameter["name"])),
                );
            }
        }
        assert!(
            faults.is_empty(),
            "{} faults:\n{}",
            faults.len(),
            faults.join("\n")
        );
    }

    #[test]
    fn named_schemas_name_their_members_and_mean_one_thing() {
        let document = document(&endpoints());
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            let clash = name.ends_with(|last: char| last.is_ascii_digit());
            assert!(!clash, "{name}: another type has this name");
            if schema.get("properties").is_some() {
                let rest = &schema["additionalProperties"];
                assert!(rest.is_boolean() || rest.is_object(), "{name}: {schema:#}");
            }
        }
    }

    #[test]
    fn every_operation_has_a_summary_of_one_line_and_a_description() {
        for endpoint in endpoints() {
            let is_one_line = (1..=60).contains(&endpoint.summary.chars().count());
            assert!(
                is_one_line && !endpoint.summary.ends_with('.') && endpoint.description.ends_with('.'),
                "{} {}: a summary of at most 60 characters, and sentences as its description",
                endpoint.method,
                endpoint.path
            );
        }
    }

    #[test]
    fn every_operation_that_is_not_open_names_its_permission() {
        for endpoint in endpoints() {
            let says = endpoint.open != (endpoint.needs != AccessRequirement::Unsaid);
            assert!(
                says,
                "{} {}: open, for any authenticated caller, or with a permission",
                endpoint.method, endpoint.path
            );
        }
    }
}
