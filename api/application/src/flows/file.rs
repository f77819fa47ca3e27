//! A flow file that is being edited: it is read, checked, and compared with a published version. Nothing is
//! stored; a draft belongs to its author until it is published.

use super::difference::{PartDifference, differences};
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

/// Most findings of one kind that are returned.
pub const FINDINGS_MAX: usize = 200;

/// The result of checking a flow file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowChecked {
    /// True if the file can be published as it is.
    pub publishable: bool,
    /// Hash that the published version would have. Null if the file cannot be read.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: Option<String>,
    /// The flow with all short forms expanded. Null if the file cannot be read.
    pub definition: Option<FlowDefinition>,
    /// Faults that prevent publication.
    pub faults: Vec<FlowFinding>,
    /// Suggestions for improvement.
    pub advice: Vec<FlowFinding>,
    /// True if there are more findings than are returned.
    pub truncated: bool,
    pub rhythm: Option<FlowRhythmResponse>,
    pub ways: Vec<FlowEdgeResponse>,
    /// Differences from the published version in the request. Null if none was requested.
    pub differences: Option<Vec<PartDifference>>,
}

/// One finding about a flow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowFinding {
    /// Code of the kind of finding.
    #[schemars(example = &"unknown_target")]
    pub code: &'static str,
    #[schemars(example = &"nodes.menu.on_timeout.then leads to \"gone\", which is not a node")]
    pub told: String,
    /// The node that the finding concerns, if there is one.
    #[schemars(example = &"menu")]
    pub node: Option<String>,
}

/// The time until the main points of a flow are spoken, each with its limit, in milliseconds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowRhythmResponse {
    pub identified_ms: u64,
    pub identified_by_ms: u64,
    pub value_ms: u64,
    pub value_by_ms: u64,
    /// Null if the flow asks no question on the way.
    pub decision_ms: Option<u64>,
    pub decision_by_ms: u64,
}

/// An edge from one node to another.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FlowEdge")]
pub struct FlowEdgeResponse {
    #[schemars(example = &"menu")]
    pub from: String,
    #[schemars(example = &"on_timeout.then")]
    pub member: String,
    #[schemars(example = &"silent")]
    pub to: String,
    /// True if the flow follows it without input from the callee.
    pub automatic: bool,
}

/// Reads the text of a flow file from a member. A missing or too long text is added to the body's errors.
pub fn source_of(body: &mut Members, name: &str) -> String {
    // This text may be longer than other texts. It has a limit of its own.
    match body.raw(name) {
        Some(Value::String(text)) if text.len() > FLOW_FILE_BYTES_MAX => {
            body.wrong(name, format!("has more than {FLOW_FILE_BYTES_MAX} bytes"));
            String::new()
        }
        Some(Value::String(text)) if !text.trim().is_empty() => text,
        Some(_) | None => {
            body.wrong(name, "is missing, empty, or no text");
            String::new()
        }
    }
}

/// Parses a flow file that is to be run. Fails with `flow-invalid` if it cannot be read, has a fault, or is
/// too large.
pub fn parse_runnable_flow(source: &str) -> Result<Arc<FlowDefinition>, Problem> {
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

/// Returns why a flow is too large to be published (above `DEFINITION_BYTES_MAX` bytes as canonical JSON);
/// `None` if it is not.
fn too_large(definition: &Value) -> Option<String> {
    let bytes = canonical_json(definition).len();
    let fault = || format!("the flow has {bytes} bytes, more than {DEFINITION_BYTES_MAX}");
    (bytes > DEFINITION_BYTES_MAX).then(fault)
}

/// Checks a flow file and returns its faults, advice, and differences from the flow `against`. A file that
/// cannot be read yields a fault, not an error.
pub fn check_flow_file(source: &str, against: Option<&FlowDefinition>) -> FlowChecked {
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

/// Returns the node to which a fault belongs: the longest node name with which the path of the unreadable
/// part begins; `None` if it belongs to none.
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
    let finding = |code, text: String| FlowFinding {
        code,
        node: definition.node_of_place(&text).map(str::to_owned),
        told: text,
    };
    let faults = definition.check();
    let advice = definition.advice();
    let truncated = faults.len() > FINDINGS_MAX || advice.len() > FINDINGS_MAX;
    let findings = faults
        .iter()
        .map(|fault| finding(fault.code(), fault.to_string()));
    let mut faults: Vec<FlowFinding> = findings.take(FINDINGS_MAX).collect();
    faults.extend(too_large(&value).map(|text| finding("too_large", text)));
    let findings = advice.iter().map(|one| finding(one.code(), one.to_string()));
    let advice: Vec<FlowFinding> = findings.take(FINDINGS_MAX).collect();
    let rhythm = definition.rhythm();
    let ways = definition.ways().into_iter().map(|way| FlowEdgeResponse {
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
        rhythm: Some(FlowRhythmResponse {
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
