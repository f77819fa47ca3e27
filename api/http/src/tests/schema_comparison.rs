//! Compares a published JSON schema with the present one: nothing of it may be removed or narrowed.
//!
//! The same rules hold for requests and responses, with these differences. A request may not get another
//! required member. A response keeps its required members, and its types do not widen: a client that reads a
//! text must not meet null. Members, alternatives and enum values may be added on both sides.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The side of a schema: what clients send, or what they receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Sent,
    Received,
}

/// Limits that narrow a schema as they rise, and those that narrow it as they fall.
const LOWER_LIMITS: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER_LIMITS: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// Keywords that narrow a schema where they are added or have another value.
const EXACT: [&str; 6] = [
    "pattern",
    "uniqueItems",
    "propertyNames",
    "multipleOf",
    "not",
    "allOf",
];

/// The comparison of two documents. Collects the differences that break a client.
pub(super) struct SchemaComparison<'a> {
    published: &'a Value,
    present: &'a Value,
    /// Pairs of schemas that were compared or are being compared: a schema may contain itself.
    seen: BTreeSet<(Side, *const Value, *const Value)>,
    pub(super) found: Vec<String>,
}

impl<'a> SchemaComparison<'a> {
    pub(super) const fn new(published: &'a Value, present: &'a Value) -> Self {
        Self {
            published,
            present,
            seen: BTreeSet::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, at: &str, what: &str) {
        self.found.push(format!("{at}: {what}"));
    }

    /// Returns the parts of both documents that two references name.
    pub(super) fn resolve(&self, published: &'a Value, present: &'a Value) -> (&'a Value, &'a Value) {
        (resolve(self.published, published), resolve(self.present, present))
    }

    /// Compares a published schema with the present one.
    pub(super) fn compare(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        let (before, now) = self.resolve(published, present);
        self.compare_types(at, side, before, now);
        self.compare_values(at, side, before, now);
        let alternatives = (
            alternatives_of(self.published, before),
            alternatives_of(self.present, now),
        );
        match (alternatives.0.as_slice(), alternatives.1.as_slice()) {
            ([before], [now]) => self.compare_one(at, side, before, now),
            (before, now) => {
                for (index, one) in before.iter().enumerate() {
                    if !now.iter().any(|other| self.is_kept(side, one, other)) {
                        self.note(at, &format!("alternative {index} was removed or narrowed"));
                    }
                }
            }
        }
    }

    /// Returns true if an alternative is in the present schema as it was.
    fn is_kept(&self, side: Side, published: &'a Value, present: &'a Value) -> bool {
        let mut inner = SchemaComparison::new(self.published, self.present);
        inner.seen.clone_from(&self.seen);
        inner.compare_types("", side, published, present);
        inner.compare_values("", side, published, present);
        inner.compare_one("", side, published, present);
        inner.found.is_empty()
    }

    fn compare_types(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        let before = types_of(self.published, published);
        let now = types_of(self.present, present);
        match (before, now) {
            (None, Some(_)) => self.note(at, "the type was narrowed"),
            (Some(_), None) if side == Side::Received => self.note(at, "the type was widened"),
            (Some(before), Some(now)) => {
                if !before.iter().all(|one| accepts(&now, one)) {
                    self.note(at, &format!("the type was narrowed from {before:?} to {now:?}"));
                }
                if side == Side::Received && !now.iter().all(|one| accepts(&before, one)) {
                    self.note(at, &format!("the type was widened from {before:?} to {now:?}"));
                }
            }
            (None, None) | (Some(_), None) => {}
        }
    }

    fn compare_values(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        let before = values_of(self.published, published);
        let now = values_of(self.present, present);
        match (before, now) {
            (Some(before), Some(now)) => {
                for gone in before.difference(&now) {
                    self.note(at, &format!("the value {gone} was removed"));
                }
            }
            (None, Some(_)) => self.note(at, "any value was permitted, and now only some are"),
            (Some(_), None) if side == Side::Received => {
                self.note(at, "only some values were possible, and now any is");
            }
            (None, None) | (Some(_), None) => {}
        }
    }

    /// Compares two schemas without alternatives.
    fn compare_one(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        if !self.seen.insert((side, published, present)) {
            return;
        }
        self.compare_limits(at, published, present);
        self.compare_members(at, side, published, present);
        self.compare_required(at, side, published, present);
        for keyword in ["items", "additionalProperties"] {
            let inner = format!("{at}/{keyword}");
            match (published.get(keyword), present.get(keyword)) {
                (Some(before), Some(now)) if before.is_object() && now.is_object() => {
                    self.compare(&inner, side, before, now);
                }
                (None | Some(Value::Bool(true)), Some(now)) if narrows(now) => {
                    self.note(&inner, "was open, and now is limited");
                }
                (Some(before), Some(Value::Bool(false))) if before.is_object() => {
                    self.note(&inner, "was permitted, and now is not");
                }
                (Some(before), None | Some(Value::Bool(true)))
                    if before.is_object() && keyword == "items" && side == Side::Received =>
                {
                    self.note(&inner, "had a schema, and now has none");
                }
                _ => {}
            }
        }
        self.compare_tuples(at, side, published, present);
    }

    fn compare_limits(&mut self, at: &str, published: &Value, present: &Value) {
        let number = |schema: &Value, keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        for keyword in LOWER_LIMITS {
            let (before, now) = (number(published, keyword), number(present, keyword));
            if now.is_some_and(|now| before.is_none_or(|before| now > before)) {
                self.note(at, &format!("{keyword} was raised"));
            }
        }
        for keyword in UPPER_LIMITS {
            let (before, now) = (number(published, keyword), number(present, keyword));
            if now.is_some_and(|now| before.is_none_or(|before| now < before)) {
                self.note(at, &format!("{keyword} was lowered"));
            }
        }
        for keyword in EXACT {
            let now = present.get(keyword);
            if now.is_some() && now != published.get(keyword) {
                self.note(at, &format!("{keyword} was added or changed"));
            }
        }
        // The format of a number is the type that computes it; its range is in the limits.
        let is_text = types_of(self.present, present).is_none_or(|types| types.contains("string"));
        if is_text && present.get("format").is_some() && present.get("format") != published.get("format") {
            self.note(at, "format was added or changed");
        }
    }

    fn compare_members(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        for keyword in ["properties", "patternProperties"] {
            let now = present.get(keyword).and_then(Value::as_object);
            for (name, before) in members(published, keyword) {
                let inner = format!("{at}/{name}");
                match now.and_then(|now| now.get(name)) {
                    Some(now) => self.compare(&inner, side, before, now),
                    None => self.note(&inner, "the member was removed"),
                }
            }
        }
    }

    fn compare_required(&mut self, at: &str, side: Side, published: &Value, present: &Value) {
        let (before, now) = (required(published), required(present));
        match side {
            Side::Sent => {
                for name in now.difference(&before) {
                    self.note(&format!("{at}/{name}"), "the member is now required");
                }
            }
            Side::Received => {
                for name in before.difference(&now) {
                    self.note(&format!("{at}/{name}"), "the member may now be missing");
                }
            }
        }
    }

    fn compare_tuples(&mut self, at: &str, side: Side, published: &'a Value, present: &'a Value) {
        let list = |schema: &'a Value| schema.get("prefixItems").and_then(Value::as_array);
        match (list(published), list(present)) {
            (Some(before), Some(now)) if before.len() == now.len() => {
                for (index, (before, now)) in before.iter().zip(now).enumerate() {
                    self.compare(&format!("{at}/{index}"), side, before, now);
                }
            }
            (None, None) => {}
            _ => self.note(at, "the items of the list are others"),
        }
    }
}

/// Returns true if a schema of further members or items limits what was open.
fn narrows(schema: &Value) -> bool {
    match schema {
        Value::Bool(open) => !open,
        Value::Object(keywords) => !keywords.is_empty(),
        _ => false,
    }
}

fn accepts(types: &BTreeSet<&str>, one: &str) -> bool {
    types.contains(one) || one == "integer" && types.contains("number")
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

/// Returns the schema that a reference, or an `allOf` of one part, names; any other as it is.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = reference(schema).and_then(|name| name.strip_prefix('#')) {
        let named = document.pointer(name);
        return named.map_or(schema, |named| resolve(document, named));
    }
    let parts = schema.get("allOf").and_then(Value::as_array);
    match parts.map(Vec::as_slice) {
        Some([only]) => resolve(document, only),
        Some(_) | None => schema,
    }
}

/// Returns the alternatives of `anyOf` and `oneOf`, without null; a schema without them is its only one.
fn alternatives_of<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let choices = ["anyOf", "oneOf"].map(|keyword| schema.get(keyword).and_then(Value::as_array));
    if choices.iter().all(Option::is_none) {
        return vec![schema];
    }
    let choices = choices.into_iter().flatten().flatten();
    let choices = choices.flat_map(|one| alternatives_of(document, resolve(document, one)));
    choices
        .filter(|one| one.get("type").and_then(Value::as_str) != Some("null"))
        .collect()
}

/// Returns the JSON types that a schema permits; `None` if it permits all.
fn types_of<'a>(document: &'a Value, schema: &'a Value) -> Option<BTreeSet<&'a str>> {
    match schema.get("type") {
        Some(Value::String(one)) => return Some([one.as_str()].into()),
        Some(Value::Array(some)) => return Some(some.iter().filter_map(Value::as_str).collect()),
        _ => {}
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(choices) = schema.get(keyword).and_then(Value::as_array) {
            let types = choices
                .iter()
                .map(|one| types_of(document, resolve(document, one)));
            let types: Option<Vec<_>> = types.collect();
            return types.map(|types| types.into_iter().flatten().collect());
        }
    }
    None
}

/// Returns the values that a schema lists, as JSON; `None` if it does not list them.
fn values_of(document: &Value, schema: &Value) -> Option<BTreeSet<String>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().map(Value::to_string).collect());
    }
    if let Some(value) = schema.get("const") {
        return Some([value.to_string()].into());
    }
    if schema.get("type").and_then(Value::as_str) == Some("null") {
        return Some([Value::Null.to_string()].into());
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(choices) = schema.get(keyword).and_then(Value::as_array) {
            let values = choices
                .iter()
                .map(|one| values_of(document, resolve(document, one)));
            let values: Option<Vec<_>> = values.collect();
            return values.map(|values| values.into_iter().flatten().collect());
        }
    }
    None
}

fn required(schema: &Value) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the members of an object under a keyword.
pub(super) fn members<'a>(value: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let members: Option<&'a Map<String, Value>> = value.get(keyword).and_then(Value::as_object);
    members.into_iter().flatten()
}
