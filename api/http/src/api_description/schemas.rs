//! Schemas of the description: one set for what is sent and one for what is read, with the same settings.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// JSON pointer of the schemas in a description.
pub(crate) const SCHEMAS: &str = "/components/schemas";

/// Collects the schemas of one description.
pub(crate) struct Schemas {
    /// Schemas of responses: members that are always written are required.
    pub sent: SchemaGenerator,
    /// Schemas of request bodies: members that can be omitted are not required.
    pub read: SchemaGenerator,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        Self {
            sent: settings().for_serialize().into_generator(),
            read: settings().for_deserialize().into_generator(),
        }
    }

    /// Returns the named schemas of responses and request bodies. A type with a different schema in request
    /// bodies has two; the second result maps its name to the name of the request schema.
    pub(crate) fn take(mut self) -> (Map<String, Value>, Map<String, Value>) {
        let mut all = self.sent.take_definitions(true);
        let read = self.read.take_definitions(true);
        let mut renamed: Map<String, Value> = Map::new();
        loop {
            let before = renamed.len();
            for (name, schema) in &read {
                let differs = all
                    .get(name)
                    .is_some_and(|sent| *sent != with_names(schema, &renamed));
                if differs && !renamed.contains_key(name) {
                    renamed.insert(name.clone(), Value::from(format!("{name}Request")));
                }
            }
            if renamed.len() == before {
                break;
            }
        }
        for (name, schema) in &read {
            let name = renamed.get(name).and_then(Value::as_str).unwrap_or(name);
            all.insert(name.to_owned(), with_names(schema, &renamed));
        }
        (all, renamed)
    }
}

/// Returns a schema with its references renamed.
pub(crate) fn with_names(schema: &Value, renamed: &Map<String, Value>) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let target = value.as_str().and_then(|text| text.rsplit('/').next());
                let other = target.and_then(|target| renamed.get(target)?.as_str());
                match (name == "$ref", other) {
                    (true, Some(other)) => (name.clone(), Value::from(format!("#{SCHEMAS}/{other}"))),
                    _ => (name.clone(), with_names(value, renamed)),
                }
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| with_names(item, renamed)).collect(),
        other => other.clone(),
    }
}

/// Returns a type's schema, with named types by reference.
pub(crate) fn schema_of<T: JsonSchema + ?Sized>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = generator.subschema_for::<T>();
    RecursiveTransform(plain).transform(&mut schema);
    schema.to_value()
}

/// Returns the member of a request body that names the acting user: `by`, else `requested_by`; empty if the
/// body has neither.
pub(crate) fn names_of_who_acts<T: JsonSchema>() -> &'static [&'static str] {
    let schema = schemars::schema_for!(T);
    let has = |member: &str| schema.pointer(&format!("/properties/{member}")).is_some();
    match (has("by"), has("requested_by")) {
        (true, _) => &["by"],
        (false, true) => &["requested_by"],
        (false, false) => &[],
    }
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        })
        .with_transform(RecursiveTransform(plain))
}

/// Normalizes a schema: no additional members unless declared, a closed list as `enum`, and only formats that
/// clients know.
fn plain(schema: &mut Schema) {
    let words = words_of(schema);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    if members.contains_key("properties") && !members.contains_key("additionalProperties") {
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    let format = members.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| format.contains("int") || matches!(format, "double" | "float")) {
        members.remove("format");
    }
    if let Some(words) = words {
        members.remove("oneOf");
        members.insert("type".to_owned(), json!("string"));
        members.insert("enum".to_owned(), json!(words));
    }
}

/// Returns the texts of an enum with described variants, which would otherwise be a choice of constants;
/// `None` if the schema is no choice of texts.
fn words_of(schema: &Schema) -> Option<Vec<Value>> {
    let choices = schema.get("oneOf")?.as_array()?;
    let mut words = Vec::new();
    for choice in choices {
        match (choice.get("const"), choice.get("enum").and_then(Value::as_array)) {
            (Some(word), _) if word.is_string() => words.push(word.clone()),
            (_, Some(some)) if some.iter().all(Value::is_string) => words.extend(some.iter().cloned()),
            (Some(_) | None, Some(_) | None) => return None,
        }
    }
    Some(words)
}
