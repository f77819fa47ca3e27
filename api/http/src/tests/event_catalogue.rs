//! The event catalogue, `docs/reference/event-catalogue.md`: each kind with its version, members, personal
//! class and an example. It is generated from the event schemas and the golden records; a test keeps it so.

use super::event_schemas::golden_files;
use super::published_contract::event_kinds;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// The text before the kinds.
const HEAD: &str = "\
# Event catalogue

Generated from the event schemas and the golden records; do not edit. To renew it, remove this file and run
`cargo test -p ledgerline-http the_event_catalogue_is_up_to_date`. How to read and follow events is in
[events](events.md).

Each kind has one table: the members of `data`. `GET /api/v1/events/schemas/{kind}/{version}` describes them
in full. `a.b` is the member `b` of `a`, `a[]` an item of the list `a`, `a.*` a member of any name. A member
marked `?` may be absent or null. Later releases add members and kinds: skip those that you do not know.

| Personal class | Meaning |
| --- | --- |
| (empty) | Open: not personal, or not about a person that is a customer. It stays after an erasure. |
| sealed | Encrypted under the key of the person; unreadable after an erasure. |
| sealed, hash | As `sealed`, with a keyed hash for look-up, which stays after an erasure. |
| sealed, transcript | Encrypted under the keys of the person and of the transcript; disposed of with either. |
";

/// A member of an event: its path, type, personal class and meaning.
#[derive(Debug, PartialEq, Eq)]
struct CatalogueRow {
    path: String,
    shape: String,
    is_personal: bool,
    meaning: String,
}

/// Writes the catalogue of these kinds (`version` and `schema` by name), with the golden records.
fn write_catalogue(kinds: &Map<String, Value>, golden: &[Value]) -> String {
    let mut text = HEAD.to_owned();
    for (kind, described) in kinds {
        let version = described
            .get("version")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let schema = described.get("schema").unwrap_or(&Value::Null);
        let records: Vec<&Value> = golden.iter().filter(|one| is_of(one, kind, version)).collect();
        let classes = personal_classes(&records);
        let mut rows = Vec::new();
        list_members(schema, "", &mut rows);
        let about = one_line(schema.get("description"));
        write!(text, "\n## `{kind}` {version}\n\n{about}\n\n").unwrap();
        if rows.is_empty() {
            text.push_str("No members.\n");
        } else {
            text.push_str("| Member | Type | Personal | Meaning |\n| --- | --- | --- | --- |\n");
        }
        for row in rows {
            let sealed = classes.get(&row.path).copied().unwrap_or("sealed");
            let class = if row.is_personal { sealed } else { "" };
            writeln!(
                text,
                "| `{}` | {} | {class} | {} |",
                row.path, row.shape, row.meaning
            )
            .unwrap();
        }
        // The record that shows the most.
        let data = records
            .iter()
            .filter_map(|record| record.get("data").map(Value::to_string));
        if let Some(data) = data.max_by_key(String::len) {
            write!(text, "\n```json\n{data}\n```\n").unwrap();
        }
    }
    text
}

fn is_of(record: &Value, kind: &str, version: u64) -> bool {
    record.get("kind").and_then(Value::as_str) == Some(kind)
        && record.get("version").and_then(Value::as_u64) == Some(version)
}

/// Lists the members of an object with their own members below them.
fn list_members(schema: &Value, at: &str, rows: &mut Vec<CatalogueRow>) {
    let required: BTreeSet<&str> = match schema.get("required").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => BTreeSet::new(),
    };
    for (name, member) in objects(schema, "properties") {
        let path = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        let is_optional = !required.contains(name.as_str()) || may_be_null(member);
        list_one(member, &path, is_optional, rows);
    }
    let further = schema
        .get("additionalProperties")
        .filter(|inner| inner.is_object());
    let patterns = objects(schema, "patternProperties").map(|(_, inner)| inner);
    for inner in further.into_iter().chain(patterns) {
        list_one(inner, &format!("{at}.*"), false, rows);
    }
    for choice in choices(schema) {
        list_members(choice, at, rows);
    }
}

/// Lists one member, unless it is listed already as a member of another alternative.
fn list_one(member: &Value, path: &str, is_optional: bool, rows: &mut Vec<CatalogueRow>) {
    let is_personal = is_personal(member);
    let shape = if is_personal {
        "text".to_owned()
    } else {
        shape_of(member)
    };
    let mark = if is_optional { " ?" } else { "" };
    let row = CatalogueRow {
        path: path.to_owned(),
        shape: format!("{shape}{mark}"),
        is_personal,
        meaning: one_line(member.get("description")).replace('|', "\\|"),
    };
    if !rows.iter().any(|other| other.path == row.path) {
        rows.push(row);
    }
    if is_personal {
        return;
    }
    list_members(member, path, rows);
    for schema in std::iter::once(member).chain(choices(member)) {
        if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
            list_items(items, path, rows);
        }
    }
}

/// Lists the members of the items of a list; items without members are part of the list's type.
fn list_items(items: &Value, path: &str, rows: &mut Vec<CatalogueRow>) {
    if is_personal(items) {
        list_one(items, &format!("{path}[]"), false, rows);
    } else {
        list_members(items, &format!("{path}[]"), rows);
    }
}

/// Returns the alternatives of a schema.
fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    let choices = ["anyOf", "oneOf"].map(|keyword| schema.get(keyword).and_then(Value::as_array));
    choices.into_iter().flatten().flatten()
}

/// Returns the members of a keyword that holds schemas by name.
fn objects<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let members = schema.get(keyword).and_then(Value::as_object);
    members.into_iter().flatten()
}

/// Returns true for the forms of a personal value: sealed or erased.
fn is_personal(schema: &Value) -> bool {
    let holds = |choice: &Value, name: &str| choice.pointer(&format!("/properties/{name}")).is_some();
    let all: Vec<&Value> = choices(schema)
        .flat_map(|one| std::iter::once(one).chain(choices(one)))
        .collect();
    all.iter().any(|one| holds(one, "sealed")) && all.iter().any(|one| holds(one, "erased"))
}

fn may_be_null(schema: &Value) -> bool {
    let types = schema.get("type").and_then(Value::as_array);
    let is_null = |one: &Value| one.get("type").and_then(Value::as_str) == Some("null");
    types.is_some_and(|types| types.iter().any(|one| one == "null")) || choices(schema).any(is_null)
}

/// Returns the type of a member in a few words: its values, its JSON type, or the types of its alternatives.
fn shape_of(schema: &Value) -> String {
    let mut shapes: Vec<String> = Vec::new();
    let mut add = |shape: String| {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let known = values.iter().filter(|value| !value.is_null());
        known.for_each(|value| add(format!("`{}`", text(value))));
    } else if let Some(value) = schema.get("const") {
        add(format!("`{}`", text(value)));
    } else {
        let one = schema.get("type").and_then(Value::as_str).into_iter();
        let some = schema.get("type").and_then(Value::as_array).into_iter().flatten();
        for name in one
            .chain(some.filter_map(Value::as_str))
            .filter(|name| *name != "null")
        {
            add(shape_of_type(name, schema));
        }
    }
    for choice in choices(schema).filter(|one| one.get("type").and_then(Value::as_str) != Some("null")) {
        add(shape_of(choice));
    }
    match shapes.is_empty() {
        true => "any".to_owned(),
        false => shapes.join(", "),
    }
}

fn shape_of_type(name: &str, schema: &Value) -> String {
    match name {
        "string" => match schema.get("format").and_then(Value::as_str) {
            Some(format) => format!("text ({format})"),
            None => "text".to_owned(),
        },
        "array" => match schema.get("items") {
            Some(items) if is_personal(items) => "list".to_owned(),
            Some(items) => format!("list of {}", shape_of(items)),
            None => "list".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// Returns the personal class of each member that is sealed in a golden record.
fn personal_classes(records: &[&Value]) -> BTreeMap<String, &'static str> {
    let mut classes = BTreeMap::new();
    for data in records.iter().filter_map(|record| record.get("data")) {
        find_sealed(data, "", &mut classes);
    }
    classes
}

fn find_sealed(value: &Value, at: &str, classes: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(members) if members.contains_key("sealed") => {
            let class = match (members.contains_key("transcript"), members.contains_key("hash")) {
                (true, _) => "sealed, transcript",
                (false, true) => "sealed, hash",
                (false, false) => "sealed",
            };
            // The class with more keys wins: older records had fewer.
            let known = classes.entry(at.to_owned()).or_insert(class);
            if class.len() > known.len() {
                *known = class;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let path = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                find_sealed(member, &path, classes);
            }
        }
        Value::Array(items) => {
            for item in items {
                find_sealed(item, &format!("{at}[]"), classes);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn one_line(text: Option<&Value>) -> String {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_event_catalogue_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/event-catalogue.md");
    let golden: Vec<Value> = golden_files()
        .iter()
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    let expected = write_catalogue(&event_kinds(), &golden);
    if !page.exists() {
        std::fs::write(&page, &expected).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap();
    let differs = written
        .lines()
        .zip(expected.lines())
        .position(|(one, other)| one != other);
    assert!(
        written == expected,
        "remove docs/reference/event-catalogue.md and run this test: line {differs:?} is another"
    );
    let rows = expected.lines().filter(|line| line.contains("| sealed, hash |"));
    assert!(rows.count() >= 3, "callee, phone and external id");
}
