//! Replies about flows: all flows with their current versions, and all versions of one flow.

use super::fixed_addresses::holds_messages_back;
use crate::installation::Installation;
use crate::stream_replay::replay_stream;
use domain::decider::Decider;
use domain::flow::Flow;
use domain::flow::event::FlowEvent;
use domain::ids::{FlowId, UserId};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::flow_board;
use schemars::JsonSchema;
use serde::Serialize;

/// A list of flows, ordered by name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Flows {
    pub items: Vec<FlowListed>,
}

/// One flow in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowListed {
    pub flow: FlowId,
    /// The version that the flow's name means without a version number.
    pub current_version: u64,
    pub versions: u64,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
}

/// A flow after a publication or rollback.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowChanged {
    pub flow: FlowId,
    /// The flow's current version after the publication.
    pub version: u32,
    /// The name by which campaigns and commands refer to this version.
    #[schemars(example = &"TASK20261120@2")]
    pub named: String,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
    /// False if the content equals the current version, so that nothing changed.
    pub changed: bool,
    pub versions: usize,
    /// True if each version needs the approval of another user.
    pub approvals: bool,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
}

/// All versions of a flow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowVersions {
    flow: FlowId,
    current_version: u32,
    /// True if each version needs the approval of another user.
    approvals: bool,
    pub items: Vec<FlowVersionResponse>,
}

/// One version of a flow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlowVersionResponse {
    pub version: u32,
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    content_hash: String,
    published_at: Timestamp,
    current: bool,
    /// The user who approved it, if any.
    approved_by: Option<UserId>,
    /// True if none of its messages is sent, because one goes to a fixed address and the required approval
    /// is missing.
    messages_held_back: bool,
}

/// Returns at most `limit` flows with their current versions, ordered by name, after the name `behind`.
pub async fn listed(
    installation: &Installation,
    behind: Option<&FlowId>,
    limit: usize,
) -> Result<Vec<FlowListed>, Problem> {
    let rows = flow_board::list(installation.rows.db().as_ref(), behind, limit).await?;
    let listed = rows.into_iter().map(|row| FlowListed {
        flow: row.flow,
        current_version: row.current_version,
        versions: row.versions,
        content_hash: row.content_hash,
    });
    Ok(listed.collect())
}

/// Returns all versions of a flow, from its own stream.
pub async fn versions(installation: &Installation, flow: &FlowId) -> Result<FlowVersions, Problem> {
    let mut items = Vec::new();
    let state = replay_stream::<Flow>(installation, &Flow::stream(flow), |event, published_at| {
        if let FlowEvent::Published {
            flow_version,
            content_hash,
            four_eyes,
            ..
        } = event
        {
            items.push(FlowVersionResponse {
                version: flow_version,
                content_hash,
                published_at,
                current: false,
                approved_by: four_eyes.and_then(|one| one.approved_by().cloned()),
                messages_held_back: false,
            });
        }
    })
    .await?;
    let current = state.current().ok_or_else(|| Problem::missing("this flow"))?;
    let current_version = current.flow_ref.version;
    for one in &mut items {
        one.current = one.version == current_version;
        let published = state.version(one.version);
        let readable = published.and_then(|published| Some((published, published.definition.as_deref()?)));
        one.messages_held_back = readable.is_some_and(|(version, flow)| holds_messages_back(version, flow));
    }
    Ok(FlowVersions {
        flow: flow.clone(),
        current_version,
        approvals: state.asks_for_approval(),
        items,
    })
}
