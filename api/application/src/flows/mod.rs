//! Published flow versions: publication, rollback, and look-up by `NAME` or `NAME@V`.
//!
//! Once a version of a flow has been approved by another user, every further version needs an approval
//! (CMP-8).

mod difference;
mod file;
mod fixed_addresses;
mod requests;
mod responses;

pub use crate::approvals::RollbackRequest;
pub use difference::{PartChange, PartDifference, differences};
pub use file::{
    FINDINGS_MAX, FlowChecked, FlowEdgeResponse, FlowFinding, FlowRhythmResponse, check_flow_file,
    parse_runnable_flow, source_of,
};
pub(crate) use fixed_addresses::fixed_address;
pub use fixed_addresses::holds_messages_back;
pub use requests::FlowRequest;
pub use responses::{FlowChanged, FlowListed, FlowVersionResponse, FlowVersions, Flows, listed, versions};

use crate::access::Caller;
use crate::approvals::{PendingVersion, placeholder_four_eyes};
use crate::body_work::BodyWork;
use crate::installation::Installation;
use actors::{Answer, AskError};
use domain::approval::Act;
use domain::decider::{Context, Decider};
use domain::flow::command::FlowCommand;
use domain::flow::event::FlowEvent;
use domain::flow::{Flow, FlowDefinition, FlowSelector, FlowState, PublishedFlow};
use domain::ids::FlowId;
use domain::problem::Problem;
use domain::stored_event::Cause;
use fixed_addresses::may_write_to_fixed;
use std::sync::Arc;

/// Publishes a flow as a new version. Content equal to the current version changes nothing. If an approval
/// is needed and not given, fails and names it.
pub async fn publish(
    installation: &Installation,
    caller: &Caller,
    order: FlowRequest,
    cause: Cause,
) -> Result<FlowChanged, Problem> {
    let FlowRequest {
        flow,
        definition,
        approvals,
        reason,
        approval,
    } = order;
    let state = installation.entities.flows.state(&flow).await?.state;
    let plain = FlowCommand::Publish {
        flow: flow.clone(),
        definition: definition.clone(),
    };
    let behind = |four_eyes| FlowCommand::PublishBehind {
        flow: flow.clone(),
        definition: definition.clone(),
        four_eyes,
    };
    let is_fixed = FlowDefinition::from_value(&definition).is_ok_and(|read| read.has_fixed_address());
    let asks = approvals || approval.is_some() || is_fixed || state.asks_for_approval();
    let foreseen = if asks {
        behind(placeholder_four_eyes())
    } else {
        plain.clone()
    };
    let (hash, is_new) = foresee(installation, Arc::clone(&state), foreseen).await?;
    let command = if asks && is_new {
        let acted = PendingVersion {
            act: match is_fixed {
                true => Act::PublishFixedAddress,
                false => Act::PublishFlow,
            },
            of: "flow",
            name: flow.to_string(),
            content_hash: hash,
            reason,
            approval,
        };
        let four_eyes = acted.pass(installation, caller, cause).await?;
        if is_fixed && !may_write_to_fixed(Some(&four_eyes)) {
            return Err(fixed_address());
        }
        behind(four_eyes)
    } else if asks {
        behind(placeholder_four_eyes())
    } else {
        plain
    };
    let answer = installation.entities.flows.ask(&flow, command, cause).await?;
    changed(flow, &answer)
}

/// Publishes the content of an earlier version of the flow as its new current version. Fails if an approval
/// is needed and not given.
pub async fn roll_back(
    installation: &Installation,
    caller: &Caller,
    flow: FlowId,
    order: RollbackRequest,
    cause: Cause,
) -> Result<FlowChanged, Problem> {
    let RollbackRequest { to, reason, approval } = order;
    let state = installation.entities.flows.state(&flow).await?.state;
    let back = |four_eyes| FlowCommand::RollBack {
        flow: flow.clone(),
        to,
        reason: reason.clone(),
        four_eyes,
    };
    let asks = state.asks_for_approval();
    let foreseen = back(asks.then(placeholder_four_eyes));
    let (hash, is_new) = foresee(installation, Arc::clone(&state), foreseen).await?;
    let four_eyes = if asks && is_new {
        let acted = PendingVersion {
            act: Act::RollBackFlow,
            of: "flow",
            name: flow.to_string(),
            content_hash: hash,
            reason: reason.clone(),
            approval,
        };
        Some(acted.pass(installation, caller, cause).await?)
    } else {
        None
    };
    let answer = installation
        .entities
        .flows
        .ask(&flow, back(four_eyes), cause)
        .await?;
    changed(flow, &answer)
}

/// Returns the published version that `NAME` (the current one) or `NAME@V` refers to. Fails with `Missing`.
pub async fn find_published_flow(
    installation: &Installation,
    named: &FlowSelector,
) -> Result<PublishedFlow, Problem> {
    let state = installation.entities.flows.state(&named.flow).await?.state;
    let found = match named.version {
        Some(version) => state.version(version),
        None => state.current(),
    };
    found
        .cloned()
        .ok_or_else(|| Problem::refused("flow-not-published", not_there(named, &state)))
}

/// Returns a published version with its definition. Fails with `Missing`, or if this build cannot read the
/// definition.
pub async fn definition_of(
    installation: &Installation,
    named: &FlowSelector,
) -> Result<(PublishedFlow, Arc<FlowDefinition>), Problem> {
    let found = find_published_flow(installation, named).await?;
    match found.definition.clone() {
        Some(definition) => Ok((found, definition)),
        None => Err(Problem::refused(
            "flow-unreadable",
            format!("{named} was published by another build and cannot be read by this one"),
        )),
    }
}

fn not_there(named: &FlowSelector, state: &FlowState) -> String {
    match state.current() {
        None => format!("{named} is not published: no flow has this name"),
        Some(current) => format!(
            "{named} is not published; there are {}, and @{} is current",
            state.describe_versions(),
            current.flow_ref.version
        ),
    }
}

/// Decides a command without storing its result, so that no approval is requested for a command that is
/// refused or changes nothing. Returns the hash of the resulting version, and true if it would be a new
/// one.
async fn foresee(
    installation: &Installation,
    state: Arc<FlowState>,
    command: FlowCommand,
) -> Result<(String, bool), Problem> {
    let context = Context {
        now: installation.now(),
    };
    let decide = move || Flow::decide(&state, command, context);
    let work = BodyWork::of(&installation.environment);
    let events = work.run(decide).await?.map_err(AskError::Refused)?;
    let hash = events.first().map(|event| match event {
        FlowEvent::Published { content_hash, .. } | FlowEvent::RolledBack { content_hash, .. } => {
            content_hash.clone()
        }
    });
    Ok((hash.unwrap_or_default(), !events.is_empty()))
}

fn changed(flow: FlowId, answer: &Answer<Flow>) -> Result<FlowChanged, Problem> {
    let current = answer.state.current();
    let current = current.ok_or_else(|| Problem::fault("a published flow has no version"))?;
    Ok(FlowChanged {
        version: current.flow_ref.version,
        content_hash: current.flow_ref.content_hash.clone(),
        named: format!("{flow}@{}", current.flow_ref.version),
        flow,
        changed: !answer.events.is_empty(),
        versions: answer.state.versions_count(),
        approvals: answer.state.asks_for_approval(),
        position: answer.position,
    })
}
