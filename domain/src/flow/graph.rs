//! The shape of a flow: what a flow file may say, read strictly; an error names its place in the file.
//!
//! Its JSON Schema is `docs/reference/flow.schema.json`. What a readable flow must further fulfil is
//! checked in `check.rs`.

use super::dialogue::{Dialogue, SILENT};
use super::messages::MessageTemplate;
use super::nodes::Node;
use super::offers::Offers;
use super::shorthand::written_out;
use super::text::variables_of;
use super::variable::{Variable, VariableKind, Variables};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::FlowId;
use values::show::Show;
use values::yaml;

/// Largest flow file: four times what a stored definition may have, for comments and blanks.
pub const FLOW_FILE_BYTES_MAX: usize = 256 * 1024;

/// What the robot says and does in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [example()]))]
pub struct FlowDefinition {
    pub flow: FlowId,
    /// BCP 47 tag of its texts.
    #[serde(default = "mandarin")]
    pub lang: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: Variables,
    pub notices: Notices,
    /// The first node after the notices.
    pub start: String,
    /// Where a fault leads, unless a node says otherwise.
    pub on_exception: String,
    /// What counts in every node of a spoken flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Dialogue>,
    /// Offers of which each person is made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
    /// Messages that its nodes send, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, MessageTemplate>,
    /// Pictures and links that a conversation in text shows beside what a node says, by the node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shows: BTreeMap<String, Vec<Show>>,
    pub nodes: BTreeMap<String, Node>,
}

/// A flow of two nodes, for descriptions.
fn example() -> Value {
    serde_json::json!({
        "flow": "TASK20261120", "lang": "zh-CN", "notices": { "recording": "本次通话将被录音。" },
        "start": "greeting", "on_exception": "goodbye",
        "nodes": {
            "greeting": { "say": { "text": "您好,您的账单将于三天后到期。", "next": "goodbye" } },
            "goodbye": { "end": { "text": "再见。", "outcome": "success" } },
        },
    })
}

fn mandarin() -> String {
    "zh-CN".to_owned()
}

/// What is said before anything else; it cannot be interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// That the call is recorded (本次通话将录音).
    pub recording: String,
    /// That a robot speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai: Option<String>,
}

/// A flow file that cannot be read; `path` is the place, such as `nodes.menu.ask_keypress`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFault {
    #[error("the flow has {bytes} bytes, more than {bytes_max}")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("not YAML: {why}")]
    NotYaml { why: String },
    #[error("{path}: {why}")]
    Shape { path: String, why: String },
}

/// Why a row of a list does not fit a flow. The value itself is personal and not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    #[error("variable {variable} is missing")]
    Missing { variable: String },
    #[error("variable {variable} is not {}", .kind.described())]
    WrongType { variable: String, kind: VariableKind },
}

impl ValueFault {
    /// The variable, which is the column.
    pub fn variable(&self) -> &str {
        match self {
            Self::Missing { variable } | Self::WrongType { variable, .. } => variable,
        }
    }
}

impl FlowDefinition {
    /// Reads a flow file: YAML, of which JSON is a part.
    pub fn from_yaml(text: &str) -> Result<Self, ReadFault> {
        Self::from_value(&Self::yaml_value(text)?)
    }

    /// A file of flows or of their transcripts as JSON, before anybody asks what it says.
    pub fn yaml_value(text: &str) -> Result<Value, ReadFault> {
        if text.len() > FLOW_FILE_BYTES_MAX {
            return Err(ReadFault::TooLarge {
                bytes: text.len(),
                bytes_max: FLOW_FILE_BYTES_MAX,
            });
        }
        let not_yaml = |why: String| ReadFault::NotYaml { why };
        yaml::value(text).map_err(|error| not_yaml(error.to_string()))
    }

    /// Reads a definition from JSON, part by part, so that an error names its place.
    pub fn from_value(value: &Value) -> Result<Self, ReadFault> {
        let written_out = written_out(value)?;
        let value = written_out.as_ref().unwrap_or(value);
        if let Some(dialogue) = value.get("dialogue") {
            read_part::<Dialogue>("dialogue", dialogue)?;
        }
        if let Some(offers) = value.get("offers") {
            read_part::<Offers>("offers", offers)?;
        }
        if let Some(variables) = value.get("variables") {
            read_members::<Variable>("variables", variables)?;
        }
        if let Some(messages) = value.get("messages") {
            read_members::<MessageTemplate>("messages", messages)?;
        }
        if let Some(shows) = value.get("shows") {
            read_members::<Vec<Show>>("shows", shows)?;
        }
        if let Some(notices) = value.get("notices") {
            read_part::<Notices>("notices", notices)?;
        }
        if let Some(nodes) = value.get("nodes") {
            read_members::<Node>("nodes", nodes)?;
        }
        read_part("flow", value)
    }

    /// What counts in every node; empty for a flow that only asks for keys.
    pub fn dialogue(&self) -> &Dialogue {
        self.dialogue.as_ref().unwrap_or(&SILENT)
    }

    /// The definition as JSON, with its defaults written out; what is hashed and stored.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a flow has text keys and no floating-point numbers")
    }

    /// Names of variables a row must have.
    pub fn required_variables(&self) -> BTreeSet<String> {
        let needed = |variable: &Variable| variable.required && variable.default.is_none();
        let required = self.variables.iter().filter(|(_, variable)| needed(variable));
        required.map(|(name, _)| name.clone()).collect()
    }

    /// What is wrong with the values of one row: a required one is missing or blank, or one is not of its
    /// type. Values the flow does not know are none of its business.
    pub fn check_values(&self, values: &BTreeMap<String, String>) -> Vec<ValueFault> {
        let mut faults = Vec::new();
        for (name, variable) in &self.variables {
            let given = values.get(name).filter(|value| !value.trim().is_empty());
            let variable_name = || name.clone();
            match given {
                None if variable.required && variable.default.is_none() => faults.push(ValueFault::Missing {
                    variable: variable_name(),
                }),
                Some(value) if !variable.kind.accepts(value.trim()) => faults.push(ValueFault::WrongType {
                    variable: variable_name(),
                    kind: variable.kind,
                }),
                None | Some(_) => {}
            }
        }
        faults
    }

    /// Every text of the flow, as written: notices first, then by node, then answers, then what asks back.
    pub fn texts(&self) -> Vec<&str> {
        let notices = [Some(self.notices.recording.as_str()), self.notices.ai.as_deref()];
        let spoken = self.nodes.values().flat_map(|node| {
            let further = node.kind().further_texts().into_iter().map(|(_, text)| text);
            node.text().into_iter().chain(further)
        });
        let answers = self
            .dialogue()
            .answers
            .values()
            .map(|answer| answer.text.as_str());
        let asks_back = self.asks_back().into_iter().map(|(_, wording)| wording);
        let texts = notices.into_iter().flatten().chain(spoken).chain(answers);
        texts.chain(asks_back).collect()
    }

    /// True when some text holds a variable: bundled clips cannot speak it.
    pub fn speaks_variables(&self) -> bool {
        self.texts()
            .into_iter()
            .any(|text| !variables_of(text).is_empty())
    }
}

fn read_members<T: DeserializeOwned>(path: &str, value: &Value) -> Result<(), ReadFault> {
    for (name, member) in value.as_object().into_iter().flatten() {
        let place = format!("{path}.{name}");
        // A node's only member is its kind: name it too.
        let kind = member.as_object().filter(|members| members.len() == 1);
        let place = match kind.and_then(|members| members.iter().next()) {
            Some((kind, body)) if body.is_object() => format!("{place}.{kind}"),
            Some(_) | None => place,
        };
        read_part::<T>(&place, member)?;
    }
    Ok(())
}

fn read_part<T: DeserializeOwned>(path: &str, value: &Value) -> Result<T, ReadFault> {
    T::deserialize(value).map_err(|error| ReadFault::Shape {
        path: path.to_owned(),
        why: error.to_string(),
    })
}
