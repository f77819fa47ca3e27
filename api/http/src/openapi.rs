//! The published description: OpenAPI 3.1, made from the very list of endpoints that the router is made from.

use crate::endpoint::{Endpoint, Takes};
use serde_json::{Map, Value, json};

/// The document of these endpoints.
pub(crate) fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let item = paths
            .entry(endpoint.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.method.as_str().to_lowercase(), operation(endpoint));
        }
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "ledgerline",
            "summary": "Intelligent outbound calling (智能外呼)",
            "description": "Phones are masked in every reply. Errors are RFC 9457 problem details with a `code`. \
                A write answers `X-Event-Position`; a read with `?after_position=` waits for it.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer",
                "description": "The token of DIR/token; not asked for on a loopback listener" } },
        },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": parameters(endpoint),
        "responses": {
            "2XX": { "description": "Done", "content": { content_type(endpoint): {} } },
            "default": { "description": "Why it was not done", "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } },
        },
    });
    let Some(members) = operation.as_object_mut() else {
        return operation;
    };
    let body = match endpoint.takes {
        Takes::Nothing => None,
        Takes::Json(schema) => Some(json!({ "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{schema}") } } } })),
        Takes::File => Some(json!({ "required": true, "content": {
            "text/csv": {}, "application/octet-stream": {},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {} } })),
    };
    if let Some(body) = body {
        members.insert("requestBody".to_owned(), body);
    }
    if !endpoint.open {
        members.insert("security".to_owned(), json!([{ "token": [] }, {}]));
    }
    operation
}

fn content_type(endpoint: &Endpoint) -> &'static str {
    match endpoint.path {
        "/" => "text/html",
        "/api/v1/events/stream" | "/api/v1/live/stream" => "text/event-stream",
        _ => "application/json",
    }
}

fn operation_id(endpoint: &Endpoint) -> String {
    let mut id = endpoint.method.as_str().to_lowercase();
    let words = endpoint
        .path
        .trim_start_matches("/api/v1")
        .split(['/', '{', '}', '-', '.']);
    for word in words.filter(|word| !word.is_empty()) {
        id.push('_');
        id.push_str(word);
    }
    id
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let in_path = endpoint
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = endpoint.query.iter().map(|(name, what)| {
        json!({ "name": name, "in": "query", "description": what, "schema": { "type": "string" } })
    });
    let waits = endpoint.method == "GET" && !endpoint.open;
    let after_position = waits.then(|| {
        json!({ "name": "after_position", "in": "query", "schema": { "type": "string" },
            "description": "Wait until the views have this position" })
    });
    let key = (endpoint.method == "POST").then(|| {
        json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" },
            "description": "The same key again is the same command: it is answered, not done twice" })
    });
    in_path.chain(in_query).chain(after_position).chain(key).collect()
}

/// The bodies that routes take, by name.
fn schemas() -> Value {
    let mut all = campaign_schemas();
    for more in [
        inquiry_schemas(),
        consent_schemas(),
        cut_off_schemas(),
        other_schemas(),
    ] {
        if let (Some(members), Value::Object(more)) = (all.as_object_mut(), more) {
            members.extend(more);
        }
    }
    all
}

fn campaign_schemas() -> Value {
    json!({
        "Problem": { "type": "object", "required": ["type", "title", "status", "detail", "code"], "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "detail": { "type": "string" }, "code": { "type": "string" },
            "errors": { "type": "array", "items": { "type": "object", "properties": {
                "pointer": { "type": "string", "description": "JSON pointer of the wrong member" },
                "detail": { "type": "string" } } } } } },
        "CampaignBody": { "type": "object", "required": ["task_id"], "properties": {
            "task_id": { "type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$" },
            "customer_segment": { "type": "string" },
            "script_template": { "type": "string", "description": "Said after the notice; {{variables}} are filled in" },
            "flow": { "type": "object", "description": "A flow of one's own, instead of script_template" },
            "schedule": { "type": "object", "properties": {
                "start_time": { "type": "string", "examples": ["09:00"] },
                "end_time": { "type": "string", "examples": ["18:00"] },
                "rests": { "type": "array", "items": { "type": "array", "items": { "type": "string" } } },
                "max_concurrent": { "type": "integer", "minimum": 1, "maximum": 1000 } } },
            "preset": { "type": "string", "default": "cn-service" },
            "basis": { "type": "string", "enum": ["contract", "consent"], "default": "contract" },
            "purpose": { "type": "string" },
            "duplicates": { "type": "string", "enum": ["by_number", "by_customer"],
                "description": "One phone under two ids; default by_number, in cn-collection by_customer" },
            "retry_policy": { "type": "object" },
            "ring_timeout_ms": { "type": "integer", "minimum": 3000, "maximum": 120000 },
            "ends_at": { "type": "string", "format": "date-time" } } },
    })
}

fn inquiry_schemas() -> Value {
    json!({
        "SqlQuery": { "type": "object", "required": ["sql"], "properties": {
            "sql": { "type": "string", "description": "One select over the views of /api/v1/query/views" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 10000, "default": 1000 },
            "timeout_ms": { "type": "integer", "minimum": 1, "maximum": 30000, "default": 5000 },
            "by": { "type": "string", "description": "Who asks, for the record" } } },
        "Taking": { "type": "object", "required": ["what"], "properties": {
            "what": { "type": "string", "enum": ["proof", "backup", "copy"] },
            "campaign": { "type": "string" }, "customer": { "type": "string", "description": "Our id" },
            "call": { "type": "string" }, "event": { "type": "string" },
            "by": { "type": "string", "description": "Who takes them, for the record" } } },
    })
}

fn consent_schemas() -> Value {
    let given = json!({
        "scope": { "type": "string", "maxLength": 128, "description": "The purpose: the campaign's own" },
        "source": { "type": "string", "maxLength": 128, "description": "Where it came from; name no person" },
        "given_at": { "type": "string", "format": "date-time", "description": "Default: now" },
        "until": { "type": "string", "format": "date-time", "description": "Default: without an end" },
        "evidence": { "type": "string", "maxLength": 4096, "description": "Kept sealed" } });
    let withdrawn = json!({
        "scope": { "type": "string", "maxLength": 128 }, "source": { "type": "string", "maxLength": 128 } });
    let with_number = |properties: &Value| {
        let mut properties = properties.clone();
        if let Some(members) = properties.as_object_mut() {
            let number = json!({ "type": "string", "description": "In any usual form; never in an address" });
            members.insert("number".to_owned(), number);
        }
        properties
    };
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    json!({
        "ConsentByNumber": object(&["number", "scope", "source", "evidence"], with_number(&given)),
        "ConsentWithdrawalByNumber": object(&["number", "scope", "source"], with_number(&withdrawn)),
        "NumberOnly": object(&["number"], with_number(&json!({}))),
        "Consent": object(&["scope", "source", "evidence"], given),
        "ConsentWithdrawal": object(&["scope", "source"], withdrawn),
    })
}

fn cut_off_schemas() -> Value {
    json!({
        "CallBack": { "type": "object", "required": ["customer"], "properties": {
            "customer": { "type": "string", "description": "The institution's own id, or ours" },
            "by": { "type": "string", "maxLength": 256 } } },
        "CutOffSettlement": { "type": "object", "required": ["customer", "reason"], "properties": {
            "customer": { "type": "string", "description": "The institution's own id, or ours" },
            "reason": { "type": "string", "maxLength": 256, "description": "Stored for ever; name no person" },
            "by": { "type": "string", "maxLength": 256 } } },
    })
}

fn other_schemas() -> Value {
    json!({
        "TaskData": { "type": "object", "required": ["task_id", "records"], "properties": {
            "task_id": { "type": "string" },
            "records": { "type": "array", "items": { "type": "object", "required": ["customer_id", "phone"],
                "properties": { "customer_id": { "type": "string" }, "phone": { "type": "string" } },
                "additionalProperties": { "type": ["string", "number", "boolean", "null"] } } } } },
        "Reason": { "type": "object", "properties": { "reason": { "type": "string" } } },
        "ClockConfirmation": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" }, "by": { "type": "string" } } },
        "DialingConfirmation": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" }, "by": { "type": "string" } } },
        "Erasure": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" }, "requested_by": { "type": "string" },
            "approved_by": { "type": "string" } } },
        "Hold": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" }, "by": { "type": "string" } } },
        "HoldRelease": { "type": "object", "properties": {
            "reason": { "type": "string" }, "by": { "type": "string" } } },
        "Correction": { "type": "object", "required": ["disposition", "reason"], "properties": {
            "disposition": { "type": "string", "description": "How the call ended, as known now" },
            "outcome": { "type": "string", "description": "Only of a conversation" },
            "reason": { "type": "string", "maxLength": 500, "description": "Stored for ever; name no person" },
            "by": { "type": "string", "maxLength": 128 } } },
        "ComplianceReport": { "type": "object", "required": ["period"], "properties": {
            "period": { "type": "string", "enum": ["day", "week", "month", "quarter", "year"] },
            "at": { "type": "string", "format": "date", "description": "A day in it; default: of the last event" },
            "position": { "type": "string", "description": "What the log says up to here; default: the head" } } },
        "SampleDraw": { "type": "object", "required": ["seed", "size"], "properties": {
            "seed": { "type": "string", "maxLength": 128 },
            "size": { "type": "integer", "minimum": 1, "maximum": 1000 },
            "stratify": { "type": "string", "enum": ["disposition", "campaign", "trunk", "flow_version"] },
            "campaign": { "type": "string" },
            "from": { "type": "string", "format": "date-time", "description": "Calls that ended from then on" },
            "to": { "type": "string", "format": "date-time", "description": "Calls that ended before" },
            "position": { "type": "string", "description": "Population up to here; default: the head" } } },
        "SampleFinding": { "type": "object", "required": ["call", "answers", "by"], "properties": {
            "call": { "type": "string" }, "by": { "type": "string", "maxLength": 64 },
            "answers": { "type": "object", "description": "Every item of the checklist",
                "additionalProperties": { "type": "string", "enum": ["yes", "no", "not_applicable"] } },
            "remark": { "type": "string", "maxLength": 1024, "description": "Stored for ever; name no person" } } },
        "SampleSignOff": { "type": "object", "required": ["by"], "properties": {
            "by": { "type": "string", "maxLength": 64 }, "remark": { "type": "string", "maxLength": 1024 } } },
        "Targets": { "type": "object", "properties": {
            "preset": { "type": "string", "enum": ["general", "bank"] }, "by": { "type": "string" },
            "targets": { "type": "array", "maxItems": 20, "items": { "type": "object",
                "required": ["metric", "ratio"], "properties": { "metric": { "type": "string" },
                "version": { "type": "integer" }, "ratio": { "type": "number", "maximum": 1 } } } } } },
        "AlertNote": { "type": "object", "required": ["note"], "properties": {
            "note": { "type": "string", "maxLength": 256 }, "by": { "type": "string", "maxLength": 64 } } },
        "AlertMute": { "type": "object", "required": ["reason"], "properties": {
            "until": { "type": "string", "format": "date-time" },
            "minutes": { "type": "integer", "minimum": 1, "maximum": 10080,
                "description": "Instead of until: so many from the server's now" },
            "reason": { "type": "string", "maxLength": 256 }, "by": { "type": "string", "maxLength": 64 } } },
        "ProjectionRebuild": { "type": "object", "properties": {
            "restart": { "type": "boolean", "default": false,
                "description": "From the first event, also where next rows are there" },
            "by": { "type": "string", "maxLength": 64, "description": "Who asks; kept as an event" } } },
        "ProjectionSwitch": { "type": "object", "properties": {
            "accept_differences": { "type": "string", "maxLength": 500,
                "description": "Why next rows that differ from the live ones are right" },
            "by": { "type": "string", "maxLength": 64, "description": "Who asks; kept as an event" } } },
        "OptOut": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" } } },
        "Suppression": { "type": "object", "required": ["reason"], "properties": {
            "reason": { "type": "string" }, "until": { "type": "string", "format": "date-time" } } },
    })
}
