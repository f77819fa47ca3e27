//! For tests: compares every reply that a test receives with the published description, by status and schema.

use crate::openapi::document;
use crate::routes::endpoints;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&endpoints()));
static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Returns the errors of a JSON value against a schema of the description, each with its JSON pointer;
/// empty if it is valid.
pub(crate) fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let key = schema.to_string();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = known.entry(key).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": { "schemas": reached(schema) } });
        Arc::new(jsonschema::validator_for(&whole).expect("a schema of the description is one"))
    });
    let validator = Arc::clone(validator);
    drop(known);
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Returns the named schemas of the description that a schema refers to, directly or through others.
/// Reading all of some six hundred for each would cost more than most tests.
fn reached(schema: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|it| it.strip_prefix("#/components/schemas/"));
                let named = &DOCUMENT["components"]["schemas"];
                if let Some((name, value)) = name.and_then(|name| named.as_object()?.get_key_value(name))
                    && found.insert(name.clone(), value.clone()).is_none()
                {
                    open.push(value);
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}

/// Returns the operation of a request; `None` if the route or method is unknown.
fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let asked: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().expect("a description has paths");
    let mut fits: Vec<(&String, &Value)> = paths
        .iter()
        .filter(|(template, _)| {
            let known: Vec<&str> = template.split('/').collect();
            let fits = |(known, asked): (&&str, &&str)| known.starts_with('{') || known == asked;
            known.len() == asked.len() && known.iter().zip(&asked).all(fits)
        })
        .collect();
    // `numbers/show` also matches the path of a number.
    fits.sort_by_key(|(template, _)| template.matches('{').count());
    fits.iter().find_map(|(_, item)| item.get(method.to_lowercase()))
}

/// Fails the test if a reply's status, media type or body does not match the description of its operation.
/// Does nothing for an unknown route.
pub(crate) fn check(method: &str, path: &str, status: u16, media_type: &str, body: &Value) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let reply = &operation["responses"][status.to_string()];
    assert!(
        reply.is_object(),
        "{method} {path}: {status} is not described: {body}"
    );
    let reply = match reply["$ref"].as_str() {
        Some(reference) => DOCUMENT
            .pointer(reference.trim_start_matches('#'))
            .expect("it is there"),
        None => reply,
    };
    let media_type = media_type.split(';').next().unwrap_or_default();
    if media_type.is_empty() {
        return;
    }
    let content = &reply["content"][media_type];
    assert!(
        content.is_object(),
        "{method} {path}: {status} as {media_type} is not described"
    );
    if !media_type.ends_with("json") {
        return;
    }
    let wrong = wrong(&content["schema"], body);
    assert!(
        wrong.is_empty(),
        "{method} {path}: {status} is not as described: {wrong:#?}\n{body:#}"
    );
}
