//! A flow file that somebody is writing: read, checked and held against a published version. Nothing is kept
//! of it and nothing follows from it: a draft is its writer's until it is published.

use super::difference::{PartDiffers, differences};
use domain::flow::{
    DECISION_BY_MS, DEFINITION_BYTES_MAX, FLOW_FILE_BYTES_MAX, FlowDefinition, IDENTIFIED_BY_MS, ReadFault,
    VALUE_BY_MS, canonical_json, content_hash,
};
use domain::problem::Problem;
use intake::members::Members;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Most findings of one kind that are shown; a file may be wrong throughout.
pub const FINDINGS_MAX: usize = 200;

/// What was found of a flow file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowChecked {
    /// It could be published as it stands.
    pub publishable: bool,
    /// Of what would be published; null where the file cannot be read.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: Option<String>,
    /// The flow with its short forms written out; null where the file cannot be read.
    pub definition: Option<FlowDefinition>,
    /// What refuses publication.
    pub faults: Vec<FlowFinding>,
    /// What could be better.
    pub advice: Vec<FlowFinding>,
    /// There is more than is shown.
    pub truncated: bool,
    pub rhythm: Option<RhythmShown>,
    pub ways: Vec<WayShown>,
    /// Against the version asked for; null where none was.
    pub differences: Option<Vec<PartDiffers>>,
}

/// One thing that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowFinding {
    /// Its kind, in one word.
    #[schemars(example = &"unknown_target")]
    pub code: &'static str,
    #[schemars(example = &"nodes.menu.on_timeout.then leads to \"gone\", which is not a node")]
    pub told: String,
    /// The node it is about, where it is about one.
    #[schemars(example = &"menu")]
    pub node: Option<String>,
}

/// How long it takes until what counts was said, and within which time it should be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RhythmShown {
    pub identified_ms: u64,
    pub identified_by_ms: u64,
    pub value_ms: u64,
    pub value_by_ms: u64,
    /// Null where nothing is asked on the way.
    pub decision_ms: Option<u64>,
    pub decision_by_ms: u64,
}

/// A way from one node to another.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowWay")]
pub struct WayShown {
    #[schemars(example = &"menu")]
    pub from: String,
    #[schemars(example = &"on_timeout.then")]
    pub member: String,
    #[schemars(example = &"silent")]
    pub to: String,
    /// Taken without anything from the callee.
    pub automatic: bool,
}

/// The text of a flow file, as an order brings it.
pub fn source_of(body: &mut Members) -> String {
    // Longer than other texts: a file, which has a bound of its own.
    match body.raw("source") {
        Some(Value::String(text)) if text.len() > FLOW_FILE_BYTES_MAX => {
            body.wrong("source", format!("has more than {FLOW_FILE_BYTES_MAX} bytes"));
            String::new()
        }
        Some(Value::String(text)) if !text.trim().is_empty() => text,
        Some(_) | None => {
            body.wrong("source", "is missing, empty, or no text");
            String::new()
        }
    }
}

/// The flow of a file that is to be run: one with faults is refused.
pub fn sound(source: &str) -> Result<Arc<FlowDefinition>, Problem> {
    let refused = |why: String| Problem::refused("flow-invalid", why);
    let definition = FlowDefinition::from_yaml(source).map_err(|fault| refused(fault.to_string()))?;
    if let Some(fault) = definition.check().first() {
        return Err(refused(fault.to_string()));
    }
    if let Some(why) = too_large(&definition.to_value()) {
        return Err(refused(why));
    }
    Ok(Arc::new(definition))
}

/// What is said of one that could not be published, because it is larger than what is.
fn too_large(definition: &Value) -> Option<String> {
    let bytes = canonical_json(definition).len();
    let told = || format!("the flow has {bytes} bytes, more than {DEFINITION_BYTES_MAX}");
    (bytes > DEFINITION_BYTES_MAX).then(told)
}

/// Checks a file, whatever it is.
pub fn checked(source: &str, against: Option<&FlowDefinition>) -> FlowChecked {
    match FlowDefinition::from_yaml(source) {
        Ok(definition) => found_of(definition, against),
        Err(fault) => unreadable(source, &fault),
    }
}

fn unreadable(source: &str, fault: &ReadFault) -> FlowChecked {
    let code = match fault {
        ReadFault::TooLarge { .. } => "too_large",
        ReadFault::NotYaml { .. } => "not_yaml",
        ReadFault::Shape { .. } => "shape",
    };
    FlowChecked {
        publishable: false,
        content_hash: None,
        definition: None,
        faults: vec![FlowFinding {
            code,
            told: fault.to_string(),
            node: node_of_shape(source, fault),
        }],
        advice: Vec::new(),
        truncated: false,
        rhythm: None,
        ways: Vec::new(),
        differences: None,
    }
}

/// The node of a shape that cannot be read: the longest name of the file with which its place begins.
fn node_of_shape(source: &str, fault: &ReadFault) -> Option<String> {
    let ReadFault::Shape { path, .. } = fault else {
        return None;
    };
    let behind = path.strip_prefix("nodes.")?;
    let value = FlowDefinition::yaml_value(source).ok()?;
    let names = value.get("nodes")?.as_object()?.keys();
    let fits = |name: &&String| {
        let rest = behind.strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    names.filter(fits).max_by_key(|name| name.len()).cloned()
}

fn found_of(definition: FlowDefinition, against: Option<&FlowDefinition>) -> FlowChecked {
    let value = definition.to_value();
    let finding = |code, told: String| FlowFinding {
        code,
        node: definition.node_of_place(&told).map(str::to_owned),
        told,
    };
    let faults = definition.check();
    let advice = definition.advice();
    let truncated = faults.len() > FINDINGS_MAX || advice.len() > FINDINGS_MAX;
    let told = faults
        .iter()
        .map(|fault| finding(fault.code(), fault.to_string()));
    let mut faults: Vec<FlowFinding> = told.take(FINDINGS_MAX).collect();
    faults.extend(too_large(&value).map(|told| finding("too_large", told)));
    let told = advice.iter().map(|one| finding(one.code(), one.to_string()));
    let advice: Vec<FlowFinding> = told.take(FINDINGS_MAX).collect();
    let rhythm = definition.rhythm();
    let ways = definition.ways().into_iter().map(|way| WayShown {
        from: way.from,
        member: way.member,
        to: way.to,
        automatic: way.automatic,
    });
    FlowChecked {
        publishable: faults.is_empty(),
        content_hash: Some(content_hash(&value)),
        faults,
        advice,
        truncated,
        rhythm: Some(RhythmShown {
            identified_ms: rhythm.identified_ms,
            identified_by_ms: IDENTIFIED_BY_MS,
            value_ms: rhythm.value_ms,
            value_by_ms: VALUE_BY_MS,
            decision_ms: rhythm.decision_ms,
            decision_by_ms: DECISION_BY_MS,
        }),
        ways: ways.collect(),
        differences: against.map(|published| differences(published, &definition)),
        definition: Some(definition),
    }
}
