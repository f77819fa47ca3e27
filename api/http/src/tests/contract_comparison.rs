//! Compares a published contract with the present one: OpenAPI, AsyncAPI and the schemas of events.
//!
//! Returns one line for each thing that was removed or narrowed; what may be added is in `schema_comparison`
//! (decision 0231).

use super::schema_comparison::{SchemaComparison, Side, members};
use serde_json::Value;
use std::collections::BTreeMap;

/// Returns what of a published OpenAPI description is gone or narrower.
pub(super) fn openapi_breaks(published: &Value, present: &Value) -> Vec<String> {
    let mut comparison = SchemaComparison::new(published, present);
    for (path, item) in members(published, "paths") {
        for (method, before) in item.as_object().into_iter().flatten() {
            let at = format!("{} {path}", method.to_uppercase());
            let now = present
                .get("paths")
                .and_then(|paths| paths.get(path)?.get(method));
            match now {
                Some(now) => compare_operation(&mut comparison, &at, before, now),
                None => comparison.note(&at, "the operation was removed"),
            }
        }
    }
    let schemes = |document: &Value| {
        let schemes = document.pointer("/components/securitySchemes").cloned();
        schemes.unwrap_or_default()
    };
    let (before, now) = (schemes(published), schemes(present));
    for (name, scheme) in before.as_object().into_iter().flatten() {
        let place =
            |scheme: &Value| ["type", "scheme", "in", "name"].map(|member| scheme.get(member).cloned());
        if now.get(name).map(place) != Some(place(scheme)) {
            comparison.note(name, "the way to authenticate was removed or changed");
        }
    }
    comparison.found
}

fn compare_operation<'a>(
    comparison: &mut SchemaComparison<'a>,
    at: &str,
    published: &'a Value,
    present: &'a Value,
) {
    if published.get("operationId") != present.get("operationId") {
        comparison.note(at, "the operationId was changed");
    }
    let is_open = |operation: &Value| operation.get("security") == Some(&Value::Array(Vec::new()));
    if is_open(published) && !is_open(present) {
        comparison.note(at, "the operation was open, and now needs authentication");
    }
    compare_parameters(comparison, at, published, present);
    compare_body(comparison, at, published, present);
    for (status, before) in members(published, "responses") {
        let at = format!("{at} {status}");
        let Some(now) = present.get("responses").and_then(|all| all.get(status)) else {
            comparison.note(&at, "the status was removed");
            continue;
        };
        let (before, now) = comparison.resolve(before, now);
        for (name, _) in members(before, "headers") {
            if now.get("headers").and_then(|headers| headers.get(name)).is_none() {
                comparison.note(&at, &format!("the header {name} was removed"));
            }
        }
        compare_content(comparison, &at, Side::Received, (before, now));
    }
}

/// Compares the schemas of each media type of a body.
fn compare_content<'a>(
    comparison: &mut SchemaComparison<'a>,
    at: &str,
    side: Side,
    bodies: (&'a Value, &'a Value),
) {
    let (published, present) = bodies;
    for (media_type, before) in members(published, "content") {
        let at = format!("{at} {media_type}");
        let now = present.get("content").and_then(|content| content.get(media_type));
        let Some(now) = now else {
            comparison.note(&at, "the media type was removed");
            continue;
        };
        match (before.get("schema"), now.get("schema")) {
            (Some(before), Some(now)) => comparison.compare(&at, side, before, now),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => comparison.note(&at, "the schema was added or removed"),
        }
    }
}

fn compare_body<'a>(
    comparison: &mut SchemaComparison<'a>,
    at: &str,
    published: &'a Value,
    present: &'a Value,
) {
    let is_required = |body: &Value| body.get("required") == Some(&Value::Bool(true));
    match (published.get("requestBody"), present.get("requestBody")) {
        (Some(before), Some(now)) => {
            if is_required(now) && !is_required(before) {
                comparison.note(at, "the body is now required");
            }
            compare_content(comparison, &format!("{at} body"), Side::Sent, (before, now));
        }
        (Some(_), None) => comparison.note(at, "the body was removed"),
        (None, Some(now)) if is_required(now) => comparison.note(at, "the body is now required"),
        (None, Some(_) | None) => {}
    }
}

fn compare_parameters<'a>(
    comparison: &mut SchemaComparison<'a>,
    at: &str,
    published: &'a Value,
    present: &'a Value,
) {
    let (before, now) = (parameters(published), parameters(present));
    let is_required = |parameter: &Value| parameter.get("required") == Some(&Value::Bool(true));
    for (place, parameter) in &before {
        let at = format!("{at} {} {}", place.0, place.1);
        let Some(present) = now.get(place) else {
            comparison.note(&at, "the parameter was removed");
            continue;
        };
        if is_required(present) && !is_required(parameter) {
            comparison.note(&at, "the parameter is now required");
        }
        if let (Some(before), Some(now)) = (parameter.get("schema"), present.get("schema")) {
            comparison.compare(&at, Side::Sent, before, now);
        }
    }
    for (place, parameter) in &now {
        if is_required(parameter) && !before.contains_key(place) {
            let at = format!("{at} {} {}", place.0, place.1);
            comparison.note(&at, "a required parameter was added");
        }
    }
}

/// Returns the parameters of an operation by place and name.
fn parameters(operation: &Value) -> BTreeMap<(&str, &str), &Value> {
    let all = operation.get("parameters").and_then(Value::as_array);
    let all = all.into_iter().flatten();
    all.filter_map(|one| Some(((one.get("in")?.as_str()?, one.get("name")?.as_str()?), one)))
        .collect()
}

/// Returns what of a published AsyncAPI document is gone. The data of each event is in its own schema.
pub(super) fn asyncapi_breaks(published: &Value, present: &Value) -> Vec<String> {
    let mut comparison = SchemaComparison::new(published, present);
    for (name, before) in members(published, "channels") {
        let now = present.get("channels").and_then(|channels| channels.get(name));
        if now.and_then(|now| now.get("address")) != before.get("address") {
            comparison.note(name, "the channel was removed or has another address");
        }
        for (message, _) in members(before, "messages") {
            if now.and_then(|now| now.get("messages")?.get(message)).is_none() {
                comparison.note(&format!("{name} {message}"), "the message was removed");
            }
        }
    }
    for (name, before) in members(published, "operations") {
        if present
            .get("operations")
            .and_then(|all| all.get(name)?.get("action"))
            != before.get("action")
        {
            comparison.note(name, "the operation was removed or changed");
        }
    }
    let mut found = comparison.found;
    let messages = |document: &Value| {
        let messages = document.pointer("/components/messages").cloned();
        messages.unwrap_or_default()
    };
    let (before, now) = (messages(published), messages(present));
    for (name, message) in before.as_object().into_iter().flatten() {
        let payload = now.get(name).and_then(|message| message.get("payload"));
        let (before, now) = (without_version(message.get("payload")), without_version(payload));
        let mut comparison = SchemaComparison::new(&before, &now);
        comparison.compare(name, Side::Received, &before, &now);
        found.extend(comparison.found);
    }
    found
}

/// Returns the schema of an envelope without the members that name the version of the event's data.
fn without_version(payload: Option<&Value>) -> Value {
    let mut payload = payload.cloned().unwrap_or_default();
    if let Some(members) = payload.get_mut("properties").and_then(Value::as_object_mut) {
        members.remove("data");
        members.remove("kindversion");
    }
    payload
}

/// Returns what of the published event schemas is gone or narrower: kinds by name, each with `version` and
/// `schema`. A kind with a later version has another shape, which its consumers see by the version.
pub(super) fn event_breaks(published: &Value, present: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (kind, before) in published.as_object().into_iter().flatten() {
        let Some(now) = present.get(kind) else {
            found.push(format!("{kind}: the kind was removed"));
            continue;
        };
        let version = |one: &Value| one.get("version").and_then(Value::as_u64);
        if version(now) < version(before) {
            found.push(format!("{kind}: the version was lowered"));
        }
        if version(now) != version(before) {
            continue;
        }
        let (Some(before), Some(now)) = (before.get("schema"), now.get("schema")) else {
            found.push(format!("{kind}: the schema was removed"));
            continue;
        };
        let mut comparison = SchemaComparison::new(before, now);
        comparison.compare(kind, Side::Received, before, now);
        found.extend(comparison.found);
    }
    found
}
