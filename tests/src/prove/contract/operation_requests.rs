//! Sends a request for every operation of the description, with existing ids and with the bodies of its own
//! examples.

use super::ContractPartResult;
use crate::api_description::{ApiExchange, Description, Operation};
use crate::history::member;
use crate::server::{Server, send_request};
use serde_json::{Value, json};

/// The values with which paths and bodies are filled: placeholder and existing id.
struct PlaceholderValues(Vec<(&'static str, String)>);

/// The ends of paths that end a customer or a campaign: these come last.
const LAST: &[&str] = &["/erase", "/stop", "/switch"];

/// One request of an operation, about existing things.
pub(in super::super) struct ExampleRequest {
    pub(in super::super) method: String,
    pub(in super::super) path: String,
    pub(in super::super) order: Option<Value>,
}

impl ExampleRequest {
    /// Returns true if the request ends a customer, a campaign or a view's rebuild, or its response has no
    /// end.
    pub(in super::super) fn ends_something(&self) -> bool {
        let endless = ["/stream", "/ws"];
        LAST.iter().chain(&endless).any(|end| self.path.ends_with(end))
    }
}

/// Returns a request for every operation; those that end something come last.
pub(in super::super) fn fill_requests(
    description: &Description,
    server: &Server,
    campaign: &str,
) -> Vec<ExampleRequest> {
    let known = known(server, campaign);
    let mut operations = description.operations();
    operations.sort_by_key(|one| {
        let is_last = LAST.iter().any(|end| one.path.ends_with(end));
        (is_last, one.method == "post")
    });
    let requests = operations.iter().map(|operation| ExampleRequest {
        method: operation.method.to_uppercase(),
        path: path(operation, &known),
        order: order(operation, &known),
    });
    requests.collect()
}

pub(super) fn request_all_operations(
    description: &Description,
    server: &Server,
    campaign: &str,
) -> ContractPartResult {
    let mut violations = examples(description);
    let (mut replies, mut done) = (0_u32, 0_u32);
    for ExampleRequest { method, path, order } in fill_requests(description, server, campaign) {
        match send_request(&method, &format!("{}{path}", server.url), order.as_ref()) {
            Ok((reply, media_type)) => {
                replies += 1;
                done += u32::from(reply.status < 300);
                let came = ApiExchange {
                    method: &method,
                    path: &path,
                    status: reply.status,
                    media_type: &media_type,
                    body: &reply.body,
                };
                violations.extend(description.check(&came));
                if reply.status >= 500 {
                    violations.push(format!("{method} {path}: {} {}", reply.status, reply.body));
                }
                violations.extend(misread(&came));
            }
            Err(error) => violations.push(format!("{method} {path}: {error}")),
        }
    }
    ContractPartResult {
        violations,
        said: json!({ "all": replies, "done": done }),
    }
}

/// Returns the example bodies with a member that the server does not know.
fn misread(came: &ApiExchange<'_>) -> Vec<String> {
    let errors = came.body.get("errors").and_then(Value::as_array);
    let unknown = errors.into_iter().flatten().filter(|error| {
        let detail = error.get("detail").and_then(Value::as_str);
        detail.is_some_and(|detail| detail.contains("not a known member"))
    });
    unknown
        .map(|error| format!("{} {}: the example's {error}", came.method, came.path))
        .collect()
}

/// Checks that every example of a response or body is valid by its own schema.
fn examples(description: &Description) -> Vec<String> {
    let mut violations = Vec::new();
    for operation in description.operations() {
        let replies = operation.described.get("responses").and_then(Value::as_object);
        let places = replies.into_iter().flatten().map(|(_, reply)| reply);
        for place in places.chain(operation.described.get("requestBody")) {
            let content = place.get("content").and_then(Value::as_object);
            for (media_type, content) in content.into_iter().flatten() {
                let name = format!("{} {} {media_type}", operation.method, operation.path);
                match (content.get("schema"), content.get("example")) {
                    (Some(schema), Some(example)) => {
                        let wrong = description.wrong(schema, example);
                        violations.extend(wrong.iter().map(|why| format!("{name}: example: {why}")));
                    }
                    (None, _) => violations.push(format!("{name}: no schema")),
                    (Some(_), None) if media_type.ends_with("json") => {
                        violations.push(format!("{name}: no example"));
                    }
                    (Some(_), None) => {}
                }
            }
        }
    }
    violations
}

fn known(server: &Server, campaign: &str) -> PlaceholderValues {
    let text = |path: &str, pointer: &str| {
        let reply = server.get(path).ok();
        let found = reply.map(|reply| member(&reply.body, pointer).clone());
        found
            .and_then(|found| found.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let calls = format!("/api/v1/calls?campaign={campaign}");
    let sample = server.must_post("/api/v1/samples", &json!({ "seed": "described", "size": 2 }));
    let sample = member(&sample.body, "/sample")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    PlaceholderValues(vec![
        ("{campaign}", campaign.to_owned()),
        ("{call}", text(&calls, "/items/0/id")),
        ("{customer}", text(&calls, "/items/0/customer")),
        ("{sample}", sample),
        ("{alert}", text("/api/v1/alerts", "/items/0/alert")),
    ])
}

impl PlaceholderValues {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// Returns the path of an operation, filled with existing ids.
fn path(operation: &Operation<'_>, known: &PlaceholderValues) -> String {
    let of = |word: &str| match word {
        "campaigns" | "flows" => known.get("{campaign}").to_owned(),
        "calls" => known.get("{call}").to_owned(),
        "customers" => known.get("{customer}").to_owned(),
        "samples" => known.get("{sample}").to_owned(),
        "alerts" => known.get("{alert}").to_owned(),
        "streams" => format!("campaign-{}", known.get("{campaign}")),
        _ => String::new(),
    };
    let parameters = operation.described.get("parameters").and_then(Value::as_array);
    let mut in_path = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter.get("in").is_some_and(|place| place == "path"));
    let mut before = "";
    let mut filled = Vec::new();
    for segment in operation.path.split('/') {
        if segment.starts_with('{') {
            let example = in_path.next().and_then(|parameter| parameter.get("example"));
            let example = example.and_then(Value::as_str).unwrap_or_default();
            let there = of(before);
            filled.push(if there.is_empty() {
                example.to_owned()
            } else {
                there
            });
        } else {
            filled.push(segment.to_owned());
        }
        before = segment;
    }
    filled.join("/")
}

/// Returns the example body of an operation, about existing things.
fn order(operation: &Operation<'_>, known: &PlaceholderValues) -> Option<Value> {
    let body = operation.described.get("requestBody")?;
    let content = body.get("content")?.get("application/json");
    let mut order = content?.get("example")?.clone();
    if let Some(members) = order.as_object_mut() {
        for (name, there) in [("customer", "{customer}"), ("call", "{call}")] {
            if members.contains_key(name) && !known.get(there).is_empty() {
                members.insert(name.to_owned(), json!(known.get(there)));
            }
        }
    }
    Some(order)
}
