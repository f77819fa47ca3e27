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

/// Returns the pointer of a place: the first word of some is short for the operation, the request or the
/// response.
fn pointer_of(place: &str) -> String {
    let short = [
        ("PUT", "/paths/~1lamps~1{id}/put"),
        ("SENT", "/components/schemas/Request"),
        ("RECEIVED", "/components/schemas/Lamp"),
    ];
    let known = short.into_iter().find(|(name, _)| place.starts_with(name));
    known.map_or_else(|| place.to_owned(), |(name, long)| place.replacen(name, long, 1))
}

fn breaks(place: &str, value: &str) -> Vec<String> {
    let published = described();
    let mut present = published.clone();
    set(
        &mut present,
        &pointer_of(place),
        serde_json::from_str(value).unwrap(),
    );
    openapi_breaks(&published, &present)
}

/// Changes that break a client: the place, its new value (null removes it), and a part of what is found.
const PLANTED: &str = r#"
/paths/~1lamps~1{id} | null | the operation was removed
PUT/operationId | "put_lamp" | the operationId was changed
PUT/security | [{"key": []}] | now needs authentication
/components/securitySchemes/key | null | way to authenticate was removed
PUT/parameters/1 | null | limit: the parameter was removed
PUT/parameters/1/required | true | limit: the parameter is now required
PUT/parameters/2 | {"in": "query", "name": "x", "required": true} | a required parameter was added
PUT/parameters/1/schema/maximum | 99 | maximum was lowered
PUT/parameters/0/schema/pattern | "^[a-y]+$" | pattern was added or changed
PUT/requestBody/required | true | the body is now required
PUT/requestBody | null | the body was removed
PUT/requestBody/content/text~1csv | null | text/csv: the media type was removed
PUT/responses/200 | null | 200: the status was removed
PUT/responses/404 | null | 404: the status was removed
PUT/responses/200/headers/etag | null | the header etag was removed
/components/responses/Missing/content/application~1problem+json | null | the media type was removed
SENT/required/1 | "name" | name: the member is now required
SENT/properties/name | null | name: the member was removed
SENT/properties/name/type | "string" | name: the type was narrowed
SENT/properties/name/type | "integer" | name: the type was narrowed
SENT/properties/level/allOf/0/type | "integer" | level: the type was narrowed
SENT/properties/level/allOf/0/minimum | 1 | level: minimum was raised
SENT/properties/name/maxLength | 19 | name: maxLength was lowered
SENT/properties/name/minLength | 1 | name: minLength was raised
SENT/properties/name/format | "uuid" | name: format was added or changed
SENT/properties/tags/maxItems | 8 | tags: maxItems was lowered
SENT/properties/tags/uniqueItems | true | tags: uniqueItems was added
SENT/properties/tags/items/type | "integer" | tags/items: the type was narrowed
SENT/properties/color/enum/0 | null | color: the value "red" was removed
SENT/properties/name/enum | ["a"] | name: any value was permitted
SENT/properties/extra/additionalProperties | false | was permitted, and now is not
SENT/properties/extra/additionalProperties | {"type": "string"} | additionalProperties: the type was narrowed
RECEIVED/properties/level | null | level: the member was removed
RECEIVED/properties/level/type | "string" | level: the type was narrowed
RECEIVED/properties/level/type | ["integer", "null"] | level: the type was widened
RECEIVED/required/0 | null | id: the member may now be missing
RECEIVED/properties/id/format | "date" | id: format was added or changed
RECEIVED/properties/state/oneOf/0 | null | state: the value "on" was removed
RECEIVED/properties/state | {"type": "string"} | state: only some values were possible
RECEIVED/properties/place/anyOf/1 | null | place: alternative 1 was removed or narrowed
RECEIVED/properties/place/anyOf/0/required | [] | place: alternative 0 was removed
RECEIVED/properties/range/prefixItems/1 | null | range: the items of the list are others
RECEIVED/properties/range/prefixItems/1/type | "string" | range/1: the type was
"#;

/// Changes that break no client: the place and its new value.
const ADDED: &str = r#"
/paths/~1rooms | {"get": {"operationId": "list_rooms"}}
PUT/responses/409 | {"description": "conflict"}
PUT/parameters/2 | {"in": "query", "name": "x", "schema": {"type": "string"}}
PUT/parameters/1/schema/maximum | 101
SENT/properties/size | {"type": "string"}
SENT/required | []
SENT/properties/color/enum/2 | "blue"
SENT/properties/color/type | ["string", "null"]
SENT/properties/name/maxLength | 40
SENT/properties/extra/additionalProperties | true
RECEIVED/properties/size | {"type": "string"}
RECEIVED/required/1 | "level"
RECEIVED/properties/state/oneOf/2 | {"const": "dim", "type": "string"}
RECEIVED/properties/level/description | "Brightness."
RECEIVED/properties/place/anyOf/2 | {"type": "object", "properties": {}, "required": ["city"]}
/components/securitySchemes/session | {"type": "apiKey"}
"#;

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split(" | ").collect())
}

#[test]
fn each_planted_break_is_found() {
    assert!(rows(PLANTED).count() > 40);
    for row in rows(PLANTED) {
        let [place, value, expected] = row[..] else {
            panic!("{row:?}");
        };
        let found = breaks(place, value);
        let is_found = found.iter().any(|one| one.contains(expected));
        assert!(is_found, "{place} {value}: {expected} is not in {found:#?}");
    }
}

#[test]
fn what_is_added_or_widened_for_requests_is_no_break() {
    assert!(rows(ADDED).count() > 15);
    for row in rows(ADDED) {
        let [place, value] = row[..] else {
            panic!("{row:?}");
        };
        let found = breaks(place, value);
        assert!(found.is_empty(), "{place} {value}: {found:#?}");
    }
}
