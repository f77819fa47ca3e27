//! The published OpenAPI description of a running server, with which every response is compared: status,
//! media type, shape.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A response that was received, with its request.
#[derive(Debug, Clone)]
pub struct ApiExchange<'a> {
    pub method: &'a str,
    /// The path, with or without query.
    pub path: &'a str,
    pub status: u16,
    /// Empty if there was none.
    pub media_type: &'a str,
    pub body: &'a Value,
}

/// One operation of a description.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub described: &'a Value,
}

/// An OpenAPI description, with the validators of its schemas.
pub struct Description {
    pub document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Description {
    pub fn new(document: Value) -> Self {
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// Returns every operation, by path.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.document.get("paths").and_then(Value::as_object);
        let of_path = paths.into_iter().flatten().flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, described)| Operation {
                method,
                path,
                described,
            })
        });
        of_path.collect()
    }

    /// Returns the operation of a request. If several match, the one with the fewest parameters.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = path.split('?').next().unwrap_or_default();
        let asked: Vec<&str> = path.split('/').collect();
        let mut fits: Vec<Operation<'_>> = self.operations();
        fits.retain(|one| {
            let known: Vec<&str> = one.path.split('/').collect();
            let fits = |(known, asked): (&&str, &&str)| known.starts_with('{') || known == asked;
            one.method.eq_ignore_ascii_case(method)
                && known.len() == asked.len()
                && known.iter().zip(&asked).all(fits)
        });
        fits.sort_by_key(|one| one.path.matches('{').count());
        fits.into_iter().next()
    }

    /// Validates a value against a schema of this description. Returns the errors.
    pub fn wrong(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = known.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({ "allOf": [schema], "components": { "schemas": self.reached(schema) } });
            Arc::new(jsonschema::validator_for(&whole).expect("a schema of a description is one"))
        });
        let validator = Arc::clone(validator);
        drop(known);
        let errors = validator.iter_errors(value);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    /// Returns the named schemas that a schema refers to: compiling all six hundred for each would take
    /// longer than all requests.
    fn reached<'a>(&'a self, schema: &'a Value) -> Map<String, Value> {
        let mut found = Map::new();
        let mut open = vec![schema];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(members) => {
                    let name = members.get("$ref").and_then(Value::as_str);
                    let named = name.and_then(|it| {
                        Some((
                            it.rsplit_once('/')?.1,
                            self.document.pointer(it.strip_prefix('#')?)?,
                        ))
                    });
                    if let Some((name, value)) = named
                        && found.insert(name.to_owned(), value.clone()).is_none()
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

    /// Returns the description of a response of an operation, with its reference resolved.
    fn reply<'a>(&'a self, described: &'a Value, status: &str) -> Option<&'a Value> {
        let reply = described.get("responses")?.get(status)?;
        match reply.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')),
            None => Some(reply),
        }
    }

    /// Returns the differences between a response and its description. None for a path that is not described.
    pub fn check(&self, came: &ApiExchange<'_>) -> Vec<String> {
        let Some(operation) = self.operation(came.method, came.path) else {
            return Vec::new();
        };
        let place = format!("{} {}: {}", came.method, came.path, came.status);
        let Some(reply) = self.reply(operation.described, &came.status.to_string()) else {
            return vec![format!("{place} is not described: {}", came.body)];
        };
        let media_type = came.media_type.split(';').next().unwrap_or_default();
        if media_type.is_empty() {
            return Vec::new();
        }
        let content = reply.get("content").and_then(|content| content.get(media_type));
        let Some(content) = content else {
            return vec![format!("{place} as {media_type} is not described")];
        };
        if !media_type.ends_with("json") {
            return Vec::new();
        }
        let schema = content.get("schema").unwrap_or(&Value::Null);
        let wrong = self.wrong(schema, came.body).into_iter();
        wrong
            .map(|why| format!("{place} is not as described: {why}"))
            .collect()
    }
}

/// Returns the description of the program under test. The first server that is asked provides it; all servers
/// have the same one.
pub fn description(ask: impl FnOnce() -> Option<Value>) -> Option<&'static Description> {
    static KNOWN: OnceLock<Description> = OnceLock::new();
    if KNOWN.get().is_none() {
        let document = ask()?;
        return Some(KNOWN.get_or_init(|| Description::new(document)));
    }
    KNOWN.get()
}
