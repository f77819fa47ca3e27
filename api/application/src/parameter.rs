//! The description of one parameter of a query, header or path: its name, its effect and its permitted
//! values.

use serde_json::{Value, json};

/// The kind of value that a parameter takes. The text of `Text` and `Texts` is an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text(&'static str),
    /// A text that may be given several times.
    Texts(&'static str),
    /// A whole number, 0 or greater. The value here is an example.
    Number(u32),
    /// The value is `true` or `false`.
    Flag,
    /// The value is a time as in RFC 3339.
    Instant,
    /// The value is a day, for example 2026-11-20.
    Day,
    /// One of a closed list of words.
    OneOf(&'static [&'static str]),
    /// The value is an id, a UUID.
    Uuid,
}

/// A parameter of the API: its description and its kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    pub what: &'static str,
    pub shape: Shape,
    /// If true, a request without the parameter is refused.
    pub is_needed: bool,
}

/// Example value of parameters that are instants.
const INSTANT: &str = "2026-11-20T10:00:00+08:00";
const UUID: &str = "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b";

impl Parameter {
    const fn new(name: &'static str, what: &'static str, shape: Shape) -> Self {
        Self {
            name,
            what,
            shape,
            is_needed: false,
        }
    }
    /// Returns the parameter as a required one: a request without it is refused.
    pub const fn needed(mut self) -> Self {
        self.is_needed = true;
        self
    }
    pub const fn text(name: &'static str, what: &'static str, example: &'static str) -> Self {
        Self::new(name, what, Shape::Text(example))
    }
    pub const fn texts(name: &'static str, what: &'static str, example: &'static str) -> Self {
        Self::new(name, what, Shape::Texts(example))
    }
    pub const fn number(name: &'static str, what: &'static str, example: u32) -> Self {
        Self::new(name, what, Shape::Number(example))
    }
    pub const fn flag(name: &'static str, what: &'static str) -> Self {
        Self::new(name, what, Shape::Flag)
    }
    pub const fn instant(name: &'static str, what: &'static str) -> Self {
        Self::new(name, what, Shape::Instant)
    }
    pub const fn day(name: &'static str, what: &'static str) -> Self {
        Self::new(name, what, Shape::Day)
    }
    pub const fn uuid(name: &'static str, what: &'static str) -> Self {
        Self::new(name, what, Shape::Uuid)
    }
    pub const fn one_of(name: &'static str, what: &'static str, list: &'static [&'static str]) -> Self {
        Self::new(name, what, Shape::OneOf(list))
    }
    /// Returns a parameter named `campaign` that takes a campaign's id.
    pub const fn campaign(what: &'static str) -> Self {
        Self::text("campaign", what, "TASK20261120")
    }

    /// Returns the JSON schema of the parameter's value.
    pub fn schema(&self) -> Value {
        match self.shape {
            Shape::Text(_) => json!({ "type": "string" }),
            Shape::Texts(_) => json!({ "type": "array", "items": { "type": "string" } }),
            Shape::Number(_) => json!({ "type": "integer", "minimum": 0 }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Instant => json!({ "type": "string", "format": "date-time" }),
            Shape::Day => json!({ "type": "string", "format": "date" }),
            Shape::OneOf(list) => json!({ "type": "string", "enum": list }),
            Shape::Uuid => json!({ "type": "string", "format": "uuid" }),
        }
    }

    pub fn example(&self) -> Value {
        match self.shape {
            Shape::Text(text) => json!(text),
            Shape::Texts(text) => json!([text]),
            Shape::Number(number) => json!(number),
            Shape::Flag => json!(true),
            Shape::Instant => json!(INSTANT),
            Shape::Day => json!("2026-11-20"),
            Shape::OneOf(list) => json!(list.first()),
            Shape::Uuid => json!(UUID),
        }
    }

    /// Returns the parameter object of the OpenAPI description. `place` is query, header or path.
    pub fn described(&self, place: &str) -> Value {
        json!({
            "name": self.name, "in": place, "required": place == "path" || self.is_needed,
            "description": self.what, "schema": self.schema(), "example": self.example(),
        })
    }
}
