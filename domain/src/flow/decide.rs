//! What a flow answers to a command: a checked definition becomes a version.

use super::canonical::{canonical_json, content_hash};
use super::command::FlowCommand;
use super::event::FlowEvent;
use super::graph::FlowDefinition;
use super::refusal::FlowRefusal;
use super::state::FlowState;
use crate::ids::FlowId;
use serde_json::Value;

/// Largest definition, as canonical JSON: a record of 65,527 bytes less the envelope around it.
pub const DEFINITION_BYTES_MAX: usize = 60_000;

/// Most versions of one flow: several a day for a year; all are held in memory while the flow is awake.
pub const VERSIONS_MAX: usize = 1_000;

pub(super) fn decide(state: &FlowState, command: FlowCommand) -> Result<Vec<FlowEvent>, FlowRefusal> {
    match command {
        FlowCommand::Publish { flow, definition } => publish(state, flow, &definition),
    }
}

/// What is hashed and stored is the definition as read, with its defaults written out: a file that only
/// looks different is the same content.
fn publish(state: &FlowState, flow: FlowId, definition: &Value) -> Result<Vec<FlowEvent>, FlowRefusal> {
    let read = FlowDefinition::from_value(definition)?;
    if read.flow != flow {
        return Err(FlowRefusal::AnotherFlow {
            expected: flow,
            found: read.flow,
        });
    }
    let faults = read.check();
    if !faults.is_empty() {
        return Err(FlowRefusal::Invalid { faults });
    }
    let definition = read.to_value();
    let bytes = canonical_json(&definition).len();
    if bytes > DEFINITION_BYTES_MAX {
        return Err(FlowRefusal::TooLarge {
            bytes,
            bytes_max: DEFINITION_BYTES_MAX,
        });
    }
    let content_hash = content_hash(&definition);
    let latest = state.latest().map(|latest| &latest.flow_ref);
    if latest.is_some_and(|latest| latest.content_hash == content_hash) {
        return Ok(Vec::new());
    }
    if state.versions_count() >= VERSIONS_MAX {
        return Err(FlowRefusal::TooManyVersions {
            versions_max: VERSIONS_MAX,
        });
    }
    let flow_version = latest.map_or(1, |latest| latest.version.saturating_add(1));
    Ok(vec![FlowEvent::Published {
        flow,
        flow_version,
        content_hash,
        definition,
    }])
}
