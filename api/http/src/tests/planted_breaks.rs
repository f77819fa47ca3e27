//! Tests of the comparison of OpenAPI descriptions: each kind of planted break is found at its place, and
//! what may be added is not.

use super::contract_comparison::openapi_breaks;
use serde_json::{Value, json};

/// A small description with one operation, and all keywords that the comparison knows.
fn described() -> Value {
    json!({
        "paths": { "/lamps/{id}": { "put": {
            "operationId": "change_lamp",
            "security": [],
            "parameters": [
                { "in": "path", "name": "id", "required": true, "schema": { "type": "string", "pattern": "^[a-z]+$" } },
                { "in": "query", "name": "limit", "required": false, "schema": { "type": "integer", "maximum": 100 } },
            ],
            "requestBody": { "required": false, "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Request" } },
                "text/csv": { "schema": { "type": "string" } },
            } },
            "responses": {
                "200": {
                    "headers": { "etag": {} },
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Lamp" } } },
                },
                "404": { "$ref": "#/components/responses/Missing" },
            },
        } } },
        "components": {
            "responses": { "Missing": { "content": { "application/problem+json": { "schema": { "type": "object" } } } } },
            "schemas": {
                "Request": {
                    "type": "object", "additionalProperties": false, "required": ["color"],
                    "properties": {
                        "color": { "type": "string", "enum": ["red", "green"] },
                        "name": { "type": ["string", "null"], "maxLength": 20 },
                        "level": { "allOf": [{ "type": "number", "minimum": 0 }] },
                        "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 9 },
                        "extra": { "type": "object", "additionalProperties": { "type": ["string", "number"] } },
                    },
                },
                "Lamp": {
                    "type": "object", "additionalProperties": false, "required": ["id"],
                    "properties": {
                        "id": { "type": "string", "format": "uuid" },
                        "level": { "type": "integer" },
                        "state": { "oneOf": [{ "const": "on", "type": "string" }, { "const": "off", "type": "string" }] },
                        "next": { "anyOf": [{ "$ref": "#/components/schemas/Lamp" }, { "type": "null" }] },
                        "place": { "anyOf": [
                            { "type": "object", "properties": { "room": { "type": "string" } }, "required": ["room"] },
                            { "type": "object", "properties": { "street": { "type": "string" } }, "required": ["street"] },
                        ] },
                        "range": { "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "integer" }] },
                    },
                },
            },
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

const PUT: &str = "/paths/~1lamps~1{id}/put";
const SENT: &str = "/components/schemas/Request";
const RECEIVED: &str = "/components/schemas/Lamp";

/// Sets the value at a pointer; null removes it.
pub(super) fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let place = document
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer}"));
    match place {
        Value::Object(members) if value.is_null() => drop(members.remove(&name).unwrap()),
        Value::Object(members) => drop(members.insert(name, value)),
        Value::Array(items) if value.is_null() => drop(items.remove(name.parse().unwrap())),
        Value::Array(items) => items.insert(name.parse().unwrap(), value),
        other => panic!("{pointer} is in {other}"),
    }
}

fn breaks(place: &str, below: &str, value: Value) -> Vec<String> {
    let published = described();
    let mut present = published.clone();
    set(&mut present, &format!("{place}{below}"), value);
    openapi_breaks(&published, &present)
}

#[test]
fn each_planted_break_is_found() {
    let string = || json!({ "type": "string" });
    let planted = [
        (
            "/paths",
            "/~1lamps~1{id}",
            Value::Null,
            "the operation was removed",
        ),
        (
            PUT,
            "/operationId",
            json!("put_lamp"),
            "the operationId was changed",
        ),
        (
            PUT,
            "/security",
            json!([{ "key": [] }]),
            "now needs authentication",
        ),
        (
            "/components/securitySchemes",
            "/key",
            Value::Null,
            "way to authenticate was removed",
        ),
        (
            PUT,
            "/parameters/1",
            Value::Null,
            "limit: the parameter was removed",
        ),
        (
            PUT,
            "/parameters/1/required",
            json!(true),
            "limit: the parameter is now required",
        ),
        (
            PUT,
            "/parameters/2",
            json!({ "in": "query", "name": "x", "required": true }),
            "a required parameter was added",
        ),
        (
            PUT,
            "/parameters/1/schema/maximum",
            json!(99),
            "maximum was lowered",
        ),
        (
            PUT,
            "/parameters/0/schema/pattern",
            json!("^[a-y]+$"),
            "pattern was added or changed",
        ),
        (
            PUT,
            "/requestBody/required",
            json!(true),
            "the body is now required",
        ),
        (PUT, "/requestBody", Value::Null, "the body was removed"),
        (
            PUT,
            "/requestBody/content/text~1csv",
            Value::Null,
            "text/csv: the media type was removed",
        ),
        (PUT, "/responses/200", Value::Null, "200: the status was removed"),
        (PUT, "/responses/404", Value::Null, "404: the status was removed"),
        (
            PUT,
            "/responses/200/headers/etag",
            Value::Null,
            "the header etag was removed",
        ),
        (
            "/components/responses/Missing",
            "/content/application~1problem+json",
            Value::Null,
            "the media type was removed",
        ),
        (
            SENT,
            "/required/1",
            json!("name"),
            "name: the member is now required",
        ),
        (
            SENT,
            "/properties/name",
            Value::Null,
            "name: the member was removed",
        ),
        (
            SENT,
            "/properties/name/type",
            json!("string"),
            "name: the type was narrowed",
        ),
        (
            SENT,
            "/properties/name/type",
            json!("integer"),
            "name: the type was narrowed",
        ),
        (
            SENT,
            "/properties/level/allOf/0/type",
            json!("integer"),
            "level: the type was narrowed",
        ),
        (
            SENT,
            "/properties/level/allOf/0/minimum",
            json!(1),
            "level: minimum was raised",
        ),
        (
            SENT,
            "/properties/name/maxLength",
            json!(19),
            "name: maxLength was lowered",
        ),
        (
            SENT,
            "/properties/name/minLength",
            json!(1),
            "name: minLength was raised",
        ),
        (
            SENT,
            "/properties/name/format",
            json!("uuid"),
            "name: format was added or changed",
        ),
        (
            SENT,
            "/properties/tags/maxItems",
            json!(8),
            "tags: maxItems was lowered",
        ),
        (
            SENT,
            "/properties/tags/uniqueItems",
            json!(true),
            "tags: uniqueItems was added",
        ),
        (
            SENT,
            "/properties/tags/items/type",
            json!("integer"),
            "tags/items: the type was narrowed",
        ),
        (
            SENT,
            "/properties/color/enum/0",
            Value::Null,
            "color: the value \"red\" was removed",
        ),
        (
            SENT,
            "/properties/name/enum",
            json!(["a"]),
            "name: any value was permitted",
        ),
        (
            SENT,
            "/properties/extra/additionalProperties",
            json!(false),
            "was permitted, and now is not",
        ),
        (
            SENT,
            "/properties/extra/additionalProperties",
            string(),
            "additionalProperties: the type was narrowed",
        ),
        (
            RECEIVED,
            "/properties/level",
            Value::Null,
            "level: the member was removed",
        ),
        (
            RECEIVED,
            "/properties/level/type",
            json!("string"),
            "level: the type was narrowed",
        ),
        (
            RECEIVED,
            "/properties/level/type",
            json!(["integer", "null"]),
            "level: the type was widened",
        ),
        (
            RECEIVED,
            "/required/0",
            Value::Null,
            "id: the member may now be missing",
        ),
        (
            RECEIVED,
            "/properties/id/format",
            json!("date"),
            "id: format was added or changed",
        ),
        (
            RECEIVED,
            "/properties/state/oneOf/0",
            Value::Null,
            "state: the value \"on\" was removed",
        ),
        (
            RECEIVED,
            "/properties/state",
            string(),
            "state: only some values were possible",
        ),
        (
            RECEIVED,
            "/properties/place/anyOf/1",
            Value::Null,
            "place: alternative 1 was removed or narrowed",
        ),
        (
            RECEIVED,
            "/properties/place/anyOf/0/required",
            json!([]),
            "place: alternative 0 was removed",
        ),
        (
            RECEIVED,
            "/properties/range/prefixItems/1",
            Value::Null,
            "range: the items of the list are others",
        ),
        (
            RECEIVED,
            "/properties/range/prefixItems/1/type",
            json!("string"),
            "range/1: the type was",
        ),
    ];
    for (place, below, value, expected) in planted {
        let found = breaks(place, below, value.clone());
        let is_found = found.iter().any(|one| one.contains(expected));
        assert!(
            is_found,
            "{place}{below} {value}: {expected} is not in {found:#?}"
        );
    }
}

#[test]
fn what_is_added_or_widened_for_requests_is_no_break() {
    let string = || json!({ "type": "string" });
    let added = [
        (
            "/paths",
            "/~1rooms",
            json!({ "get": { "operationId": "list_rooms" } }),
        ),
        (PUT, "/responses/409", json!({ "description": "conflict" })),
        (
            PUT,
            "/parameters/2",
            json!({ "in": "query", "name": "x", "schema": { "type": "string" } }),
        ),
        (PUT, "/parameters/1/schema/maximum", json!(101)),
        (SENT, "/properties/size", string()),
        (SENT, "/required", json!([])),
        (SENT, "/properties/color/enum/2", json!("blue")),
        (SENT, "/properties/color/type", json!(["string", "null"])),
        (SENT, "/properties/name/maxLength", json!(40)),
        (SENT, "/properties/extra/additionalProperties", json!(true)),
        (RECEIVED, "/properties/size", string()),
        (RECEIVED, "/required/1", json!("level")),
        (
            RECEIVED,
            "/properties/state/oneOf/2",
            json!({ "const": "dim", "type": "string" }),
        ),
        (RECEIVED, "/properties/level/description", json!("Brightness.")),
        (
            RECEIVED,
            "/properties/place/anyOf/2",
            json!({ "type": "object", "properties": {}, "required": ["city"] }),
        ),
        (
            "/components/securitySchemes",
            "/session",
            json!({ "type": "apiKey" }),
        ),
    ];
    for (place, below, value) in added {
        let found = breaks(place, below, value.clone());
        assert!(found.is_empty(), "{place}{below} {value}: {found:#?}");
    }
}
