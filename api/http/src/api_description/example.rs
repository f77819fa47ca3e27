//! Builds the example of a schema from the examples of its parts, so that a new member of a reply appears in
//! the example.
//!
//! The example of a part is that of its type or field, else the first value of its closed list, else the
//! usual value for a member of its name. A part without any of these is reported by its pointer, and a test
//! fails.

use crate::api_description::schemas::SCHEMAS;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use serde_json::{Map, Value, json};

/// Example values by member name, for members of a schema without an example and without a closed list of
/// values.
const USUAL: &[(&str, &str)] = &[
    ("answered_at", "2026-11-20T02:00:08.000000Z"),
    ("after", "1200"),
    ("by", "wang"),
    ("door", "session"),
    ("password", "correct horse battery"),
    (
        "csrf_token",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
    ("by_whom", "wang"),
    ("callee", "138****8000"),
    ("caller", "+861055550100"),
    ("campaign", "TASK20261120"),
    ("certificate_event", CustomerEvent::ERASURE_CERTIFIED),
    ("code", "answered"),
    ("customer", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("customer_segment", "due-in-3-days"),
    ("date", "2026-11-20"),
    ("detail", "in words"),
    ("detail_zh", "中文"),
    ("dialing_refused", "the clock was set back"),
    ("effective_from", "2026-01-01"),
    ("en", "in English"),
    (
        "events",
        "/api/v1/calls/6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b/events",
    ),
    ("flow", "TASK20261120"),
    ("formats", "csv"),
    ("key", "2026-11-20T02:00:00.000000Z"),
    ("kind", CallEvent::ENDED),
    ("label", "10:00"),
    ("label_en", "in English"),
    ("label_zh", "中文"),
    ("metric", "answer_ratio_per_call"),
    ("name", "answer_ratio_per_call"),
    ("next", "42"),
    ("note", "seen to"),
    ("pointer", "/schedule/start_time"),
    ("position", "42"),
    ("preset", "cn-service"),
    ("purpose", "service"),
    ("reason", "asked for by telephone"),
    ("rule", "calling_window"),
    ("scope", "service"),
    (
        "sha256",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    ("severity", "warning"),
    ("signer", "ledgerline.example"),
    ("subject", "TASK20261120"),
    ("table", "campaign_board"),
    ("by_flow_version", "TASK20261120 v1"),
    ("by_trunk", "trunk-1"),
    ("duplicates_policy", "by_number"),
    ("column", "手机号"),
    (
        "query",
        "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e",
    ),
    ("value", "2026-03-02 10:00:00"),
    ("format", "CSV, UTF-8"),
    ("home_location", "CN-SH"),
    ("region", "Asia/Shanghai"),
    ("lang", "zh-CN"),
    ("recording", "本次通话将被录音。"),
    ("ai", "我是智能助手。"),
    ("start", "greeting"),
    ("on_exception", "goodbye"),
    ("seed", "2026-11-20"),
    ("remark", "complete"),
    ("period", "2026-11-20"),
    ("default", "3"),
    ("list", "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b"),
    ("same_as", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("last_outcome", "success"),
    ("customer_id", "**1"),
    ("phone", "138****8000"),
    ("requested_by", "the person"),
    ("source", "list.csv"),
    ("sql", "SELECT * FROM customers WHERE age > 30"),
    ("stream", "call-6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b"),
    ("task_id", "TASK20261120"),
    ("time_zone", "Asia/Shanghai"),
    ("trunk", "trunk-1"),
    ("trunks", "trunk-1"),
    ("unit", "per_mille"),
    ("view", "campaign_board"),
    ("why", "in words"),
    ("zh", "中文"),
];

/// Example values by the end of the member name, for members that `USUAL` does not name.
const USUAL_ENDS: &[(&str, &str)] = &[
    ("_position", "42"),
    ("position", "42"),
    ("head", "42"),
    ("cursor", "42"),
    (
        "sha256",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    (
        "hash",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    (
        "root",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    ("_zh", "中文"),
    ("_en", "in English"),
    ("_at", "2026-11-20T02:00:00.000000Z"),
    ("_by", "wang"),
];

/// Composes an example value for a schema; `named`: the schemas that it can refer to. Fails with the JSON
/// pointer of a part that has no example.
pub(crate) fn example(schema: &Value, named: &Map<String, Value>) -> Result<Value, String> {
    Composer { named }.of(schema, "", "")
}

struct Composer<'a> {
    named: &'a Map<String, Value>,
}

impl Composer<'_> {
    fn of(&self, schema: &Value, name: &str, at: &str) -> Result<Value, String> {
        let lacking = || Err(format!("{at}: no example"));
        let Some(members) = schema.as_object() else {
            return lacking();
        };
        let said = members.get("examples").and_then(|examples| examples.get(0));
        if let Some(said) = said.or_else(|| members.get("const")) {
            return Ok(said.clone());
        }
        if let Some(word) = members.get("enum").and_then(|words| words.get(0)) {
            return Ok(word.clone());
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix(&format!("#{SCHEMAS}/"));
            return match target.and_then(|target| self.named.get(target)) {
                Some(target) => self.of(target, name, at),
                None => Err(format!("{at}: {reference} is nowhere")),
            };
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(first) = members.get(choice).and_then(|choices| choices.get(0)) {
                return self.of(first, name, at);
            }
        }
        match kind(members) {
            "object" => self.object(members, at),
            "array" => self.array(members, name, at),
            "string" => match usual(name).or_else(|| formatted(members)) {
                Some(text) => Ok(json!(text)),
                None => lacking(),
            },
            "integer" => Ok(json!(1)),
            "number" => Ok(json!(0.5)),
            "boolean" => Ok(json!(true)),
            "null" => Ok(Value::Null),
            _ => lacking(),
        }
    }

    fn object(&self, members: &Map<String, Value>, at: &str) -> Result<Value, String> {
        let mut shown = Map::new();
        if let Some(Value::Object(properties)) = members.get("properties") {
            for (name, schema) in properties {
                shown.insert(name.clone(), self.of(schema, name, &format!("{at}/{name}"))?);
            }
        } else if members.get("additionalProperties") != Some(&Value::Bool(false)) {
            // A map without an example of its own.
            return Err(format!("{at}: no example"));
        }
        Ok(Value::Object(shown))
    }

    fn array(&self, members: &Map<String, Value>, name: &str, at: &str) -> Result<Value, String> {
        let mut shown = Vec::new();
        if let Some(Value::Array(items)) = members.get("prefixItems") {
            for item in items {
                shown.push(self.of(item, name, &format!("{at}/*"))?);
            }
        } else if let Some(items) = members.get("items") {
            shown.push(self.of(items, name, &format!("{at}/*"))?);
        }
        Ok(Value::Array(shown))
    }
}

/// Returns the first JSON type in a schema's `type` that is not `null`; `null` if it has no other, an empty
/// text without `type`.
fn kind(members: &Map<String, Value>) -> &str {
    match members.get("type") {
        Some(Value::String(one)) => one,
        Some(Value::Array(several)) => {
            let mut words = several.iter().filter_map(Value::as_str);
            words.find(|word| *word != "null").unwrap_or("null")
        }
        _ => "",
    }
}

fn usual(name: &str) -> Option<&'static str> {
    let exact = USUAL.iter().find(|(known, _)| *known == name);
    let by_end = || USUAL_ENDS.iter().find(|(end, _)| name.ends_with(end));
    exact.or_else(by_end).map(|(_, text)| *text)
}

fn formatted(members: &Map<String, Value>) -> Option<&'static str> {
    match members.get("format").and_then(Value::as_str)? {
        "binary" => Some("the bytes of the file"),
        "date" => Some("2026-11-20"),
        "date-time" => Some("2026-11-20T02:00:00.000000Z"),
        _ => None,
    }
}
