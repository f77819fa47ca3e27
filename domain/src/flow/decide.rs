//! Decides the commands of a flow: a valid definition becomes a version, or an earlier version becomes
//! current again.

use super::command::FlowCommand;
use super::event::FlowEvent;
use super::graph::FlowDefinition;
use super::refusal::FlowRefusal;
use super::state::FlowState;
use crate::four_eyes::FourEyes;
use serde_json::Value;
use values::canonical::{canonical_json, content_hash};
use values::ids::FlowId;

/// Largest size of a definition in canonical JSON, in bytes; a larger one is refused. The largest record
/// (65,527 bytes) less the envelope.
pub const DEFINITION_BYTES_MAX: usize = 60_000;

/// Longest reason of a rollback, in bytes; a longer one is refused. It is stored permanently and must not
/// contain personal data.
pub const REASON_BYTES_MAX: usize = 512;

/// Most versions of one flow; a further one is refused. Several a day for a year; a loaded flow keeps all
/// of them in memory.
pub const VERSIONS_MAX: usize = 1_000;

pub(super) fn decide(state: &FlowState, command: FlowCommand) -> Result<Vec<FlowEvent>, FlowRefusal> {
    match command {
        FlowCommand::Publish { flow, definition } => publish(state, flow, &definition, None),
        FlowCommand::PublishBehind {
            flow,
            definition,
            four_eyes,
        } => publish(state, flow, &definition, Some(four_eyes)),
        FlowCommand::RollBack {
            flow,
            to,
            reason,
            four_eyes,
        } => roll_back(state, flow, to, reason, four_eyes),
    }
}

/// Makes an earlier version current again: version `to`, or without it the one before the current version.
/// No event if it is current already. Refused if that version does not exist or this build cannot read it.
fn roll_back(
    state: &FlowState,
    flow: FlowId,
    to: Option<u32>,
    reason: Option<String>,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Vec<FlowEvent>, FlowRefusal> {
    let Some(current) = state.current().map(|current| &current.flow_ref) else {
        return Err(FlowRefusal::NotPublished { flow });
    };
    let mut newest_first = state.versions().rev().map(|one| one.flow_ref.version);
    let before = newest_first.find(|version| *version < current.version);
    let Some(to_version) = to.or(before) else {
        return Err(FlowRefusal::NothingBefore {
            version: current.version,
        });
    };
    let unknown = || FlowRefusal::UnknownVersion {
        flow: flow.clone(),
        version: to_version,
        versions: state.describe_versions(),
    };
    let target = state.version(to_version).ok_or_else(unknown)?;
    if target.definition.is_none() {
        return Err(FlowRefusal::UnreadableVersion { version: to_version });
    }
    if to_version == current.version {
        return Ok(Vec::new());
    }
    if reason
        .as_ref()
        .is_some_and(|reason| reason.len() > REASON_BYTES_MAX)
    {
        return Err(FlowRefusal::ReasonTooLong {
            bytes_max: REASON_BYTES_MAX,
        });
    }
    if state.asks_for_approval() && four_eyes.is_none() {
        return Err(FlowRefusal::NeedsApproval { flow });
    }
    Ok(vec![FlowEvent::RolledBack {
        from_version: current.version,
        to_version,
        content_hash: target.flow_ref.content_hash.clone(),
        flow,
        reason,
        four_eyes,
    }])
}

/// Publishes a definition as a new version. No event if its content is current already, except when it is
/// the first approved one. Refused if it is of another flow, cannot be parsed, has faults, is too large or
/// lacks a required approval, or if the flow has `VERSIONS_MAX` versions. Hash and event use the parsed
/// definition with its defaults written out, so that files which differ only in form have the same content
/// hash.
fn publish(
    state: &FlowState,
    flow: FlowId,
    definition: &Value,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Vec<FlowEvent>, FlowRefusal> {
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
    let asks = state.asks_for_approval();
    let same = state
        .current()
        .is_some_and(|one| one.flow_ref.content_hash == content_hash);
    // The same content becomes a new version if the current one has no approval and this one has.
    if same && (asks || four_eyes.is_none()) {
        return Ok(Vec::new());
    }
    if asks && four_eyes.is_none() {
        return Err(FlowRefusal::NeedsApproval { flow });
    }
    let latest = state.latest().map(|latest| &latest.flow_ref);
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
        four_eyes,
    }])
}
