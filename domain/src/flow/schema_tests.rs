//! Tests that the published JSON Schema of a flow file agrees with the parser: it accepts what the parser
//! accepts, has exactly the parser's members, and rejects what the parser rejects.

use super::FlowDefinition;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn schema() -> Value {
    let text = std::fs::read_to_string(root("docs/reference/flow.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A validator for the part of JSON Schema 2020-12 that the schema uses. It records the members it met.
struct Validator {
    schema: Value,
    met: BTreeMap<String, BTreeSet<String>>,
}

impl Validator {
    fn new() -> Self {
        Self {
            schema: schema(),
            met: BTreeMap::new(),
        }
    }

    fn validate(&mut self, value: &Value) -> Result<(), String> {
        self.against("flow", &self.schema["$defs"]["flow"].clone(), value)
    }

    fn against(&mut self, name: &str, rule: &Value, value: &Value) -> Result<(), String> {
        if let Some(target) = rule.get("$ref").and_then(Value::as_str) {
            let name = target.rsplit('/').next().unwrap();
            let rule = self.schema["$defs"][name].clone();
            assert!(rule.is_object(), "{target} leads nowhere");
            return self.against(name, &rule, value);
        }
        let fits = match rule.get("type").and_then(Value::as_str) {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("boolean") => value.is_boolean(),
            Some(other) => panic!("the validator of this test does not know type {other}"),
            None => true,
        };
        let listed = rule
            .get("enum")
            .is_none_or(|list| list.as_array().unwrap().contains(value));
        let number = value.as_i64().unwrap_or_default();
        let low = rule
            .get("minimum")
            .is_some_and(|least| number < least.as_i64().unwrap());
        let high = rule
            .get("maximum")
            .is_some_and(|most| number > most.as_i64().unwrap());
        if !fits || !listed || low || high {
            return Err(format!("{name}: {value}"));
        }
        for item in value.as_array().into_iter().flatten() {
            self.against(name, &rule["items"], item)?;
        }
        self.members(name, rule, value)
    }

    fn members(&mut self, name: &str, rule: &Value, value: &Value) -> Result<(), String> {
        let Some(members) = value.as_object() else {
            return Ok(());
        };
        let required = rule.get("required").and_then(Value::as_array);
        for wanted in required.into_iter().flatten() {
            if !members.contains_key(wanted.as_str().unwrap()) {
                return Err(format!("{name}: no {wanted}"));
            }
        }
        for (member, inner) in members {
            if let Some(rule) = rule["properties"].get(member) {
                self.met
                    .entry(name.to_owned())
                    .or_default()
                    .insert(member.clone());
                self.against(member, &rule.clone(), inner)?;
            } else if rule["additionalProperties"].is_object() {
                self.against(member, &rule["additionalProperties"].clone(), inner)?;
            } else {
                return Err(format!("{name}: unknown {member}"));
            }
        }
        Ok(())
    }
}

fn shipped() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root("fixtures/flows")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let value: Value = values::yaml::value(&text).unwrap();
        found.push((path.display().to_string(), value));
    }
    found
}

#[test]
fn the_schema_permits_every_shipped_flow_as_written_and_as_stored() {
    let flows = shipped();
    assert!(flows.len() >= 8);
    for (name, value) in flows {
        assert_eq!(Validator::new().validate(&value), Ok(()), "{name}");
        let stored = FlowDefinition::from_value(&value).unwrap().to_value();
        assert_eq!(Validator::new().validate(&stored), Ok(()), "{name}");
    }
}

#[test]
fn every_member_of_the_schema_occurs_in_a_shipped_flow_and_is_read() {
    let mut validator = Validator::new();
    for (_, value) in shipped() {
        validator.validate(&value).unwrap();
    }
    for (name, rule) in schema()["$defs"].as_object().unwrap() {
        let Some(properties) = rule.get("properties").and_then(Value::as_object) else {
            continue;
        };
        let all: BTreeSet<String> = properties.keys().cloned().collect();
        // Members are recorded under the name of their definition: `on_timeout` is a reprompt.
        let met: BTreeSet<String> = validator.met.get(name).cloned().unwrap_or_default();
        assert_eq!(met, all, "{name}");
    }
}

#[test]
fn schema_and_reader_refuse_the_same_mistakes() {
    let good = json!({
        "flow": "small",
        "notices": {"recording": "本次通话将录音。"},
        "start": "bye",
        "on_exception": "bye",
        "nodes": {"bye": {"end": {"outcome": "success"}}}
    });
    assert_eq!(Validator::new().validate(&good), Ok(()));
    assert!(FlowDefinition::from_value(&good).is_ok());
    for (pointer, value) in [
        ("/colour", json!(1)),
        ("/start", json!(1)),
        ("/notices", json!({})),
        ("/nodes/bye", json!({"end": {}})),
        ("/nodes/bye", json!({"finish": {}})),
        ("/nodes/bye/end/outcome", json!("great")),
        ("/nodes/bye/end/opt_out", json!("yes")),
        ("/nodes/bye/end/colour", json!("red")),
    ] {
        let mut bad = good.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[member] = value;
        assert!(Validator::new().validate(&bad).is_err(), "{pointer}");
        assert!(FlowDefinition::from_value(&bad).is_err(), "{pointer}");
    }
}
