//! The definition of a flow as a file holds it, parsed strictly: unknown members are errors, and an error
//! names its place in the file.
//!
//! The JSON Schema is `docs/reference/flow.schema.json`. `check.rs` holds the further checks of a parsed
//! flow.

use super::dialogue::{Dialogue, SILENT};
use super::messages::MessageTemplate;
use super::nodes::Node;
use super::offers::Offers;
use super::shorthand::expand_shorthand;
use super::text::variables_of;
use super::variable::{Variable, VariableKind, Variables};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::FlowId;
use values::text_attachment::TextAttachment;
use values::yaml;

/// Largest flow file, in bytes; a larger one is refused. Four times the limit of a stored definition, to
/// allow for comments and blanks.
pub const FLOW_FILE_BYTES_MAX: usize = 256 * 1024;

/// A flow definition: the texts, questions and actions of the robot in a call, as a graph of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [example()]))]
pub struct FlowDefinition {
    pub flow: FlowId,
    /// Language of the texts, a BCP 47 tag. Default `zh-CN`.
    #[serde(default = "mandarin")]
    pub lang: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: Variables,
    pub notices: Notices,
    /// Name of the first node after the notices.
    pub start: String,
    /// The node that a fault in a call leads to, unless the current node names its own.
    pub on_exception: String,
    /// Dialogue settings that apply in every node of a spoken flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Dialogue>,
    /// The offers of the flow. Each customer gets one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<Offers>,
    /// Messages that act nodes send, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, MessageTemplate>,
    /// Pictures and links that a text conversation shows beside a node's text, by node name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shows: BTreeMap<String, Vec<TextAttachment>>,
    pub nodes: BTreeMap<String, Node>,
}

/// Returns a flow of two nodes, as the example in API descriptions.
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

/// The notices at the start of a call. The callee cannot interrupt them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// The notice that the call is recorded (本次通话将录音).
    pub recording: String,
    /// The notice that a robot is speaking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai: Option<String>,
}

/// An error of a flow file that cannot be parsed. `path` is the place in the file, such as
/// `nodes.menu.ask_keypress`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFault {
    #[error("the flow has {bytes} bytes, more than {bytes_max}")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("not YAML: {why}")]
    NotYaml { why: String },
    #[error("{path}: {why}")]
    Shape { path: String, why: String },
}

/// Why one list row's values do not fit a flow. Does not contain the value, which is personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    #[error("variable {variable} is missing")]
    Missing { variable: String },
    #[error("variable {variable} is not {}", .kind.described())]
    WrongType { variable: String, kind: VariableKind },
}

impl ValueFault {
    /// Returns the name of the variable with the fault, which is also the column's name.
    pub fn variable(&self) -> &str {
        match self {
            Self::Missing { variable } | Self::WrongType { variable, .. } => variable,
        }
    }
}

impl FlowDefinition {
    /// Reads a flow file in YAML or JSON. Fails, with the place, if it is too large or not a flow
    /// definition; its content is not checked (`check`).
    pub fn from_yaml(text: &str) -> Result<Self, ReadFault> {
        Self::from_value(&Self::yaml_value(text)?)
    }

    /// Parses a YAML or JSON file of a flow or of transcripts to JSON, without interpreting it. Fails if
    /// the file is larger than `FLOW_FILE_BYTES_MAX` or is not YAML.
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

    /// Reads a definition from JSON, after expanding presets and transition tables. Fails with the place of
    /// the first member that is unknown or wrong.
    pub fn from_value(value: &Value) -> Result<Self, ReadFault> {
        let written_out = expand_shorthand(value)?;
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
            read_members::<Vec<TextAttachment>>("shows", shows)?;
        }
        if let Some(notices) = value.get("notices") {
            read_part::<Notices>("notices", notices)?;
        }
        if let Some(nodes) = value.get("nodes") {
            read_members::<Node>("nodes", nodes)?;
        }
        read_part("flow", value)
    }

    /// Returns the flow's dialogue; an empty one if the flow has none.
    pub fn dialogue(&self) -> &Dialogue {
        self.dialogue.as_ref().unwrap_or(&SILENT)
    }

    /// Returns the definition as JSON with its defaults written out; this form is hashed and stored.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("a flow has text keys and no floating-point numbers")
    }

    /// Returns the names of the variables for which every list row must have a value: required and without
    /// a default.
    pub fn required_variables(&self) -> BTreeSet<String> {
        let needed = |variable: &Variable| variable.required && variable.default.is_none();
        let required = self.variables.iter().filter(|(_, variable)| needed(variable));
        required.map(|(name, _)| name.clone()).collect()
    }

    /// Returns the faults of one list row's values: a required value is missing or blank, or a value has
    /// the wrong type. Values of undeclared names are ignored.
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

    /// Returns every text that the flow can say, with its placeholders: notices, texts of nodes, answers,
    /// confirmation wordings.
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
        let asks_back = self
            .list_confirmation_wordings()
            .into_iter()
            .map(|(_, wording)| wording);
        let texts = notices.into_iter().flatten().chain(spoken).chain(answers);
        texts.chain(asks_back).collect()
    }

    /// Returns true if a text of the flow contains a variable. Bundled clips cannot speak variables.
    pub fn speaks_variables(&self) -> bool {
        self.texts()
            .into_iter()
            .any(|text| !variables_of(text).is_empty())
    }
}

fn read_members<T: DeserializeOwned>(path: &str, value: &Value) -> Result<(), ReadFault> {
    for (name, member) in value.as_object().into_iter().flatten() {
        let place = format!("{path}.{name}");
        // A node has one member, its kind; the place names it too.
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
