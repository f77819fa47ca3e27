//! Flows over HTTP: which versions are published, and which was current then.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::as_of::{Known, Moment, PARAMETERS, entity_then};
use domain::flow::{Flow, FlowDefinition, FlowState};
use domain::ids::FlowId;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/flows/{id}",
            "One flow: its versions, and the current one's definition",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PARAMETERS),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<FlowShown>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let moment = Moment::of(input.query())?;
    if moment.is_now() {
        let loaded = ctx.installation.entities.flows.state(&flow).await?;
        let shown = describe(&flow, &loaded.state).ok_or_else(|| Problem::missing("this flow"))?;
        return Ok(Read(shown));
    }
    let then = moment
        .resolve(ctx.installation.store(), ctx.installation.now())
        .await?;
    let entity = entity_then::<Flow>(
        ctx.installation.store(),
        &flow,
        &then,
        ctx.installation.vault(),
        None,
    )
    .await?;
    let mut shown = describe(&flow, &entity.state)
        .ok_or_else(|| Problem::missing("this flow, at the time asked for,"))?;
    shown.known = Some(entity.known(&then));
    Ok(Read(shown))
}

/// A flow, as published.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowShown {
    id: FlowId,
    version: u32,
    content_hash: String,
    /// Null where another build published what this one cannot read.
    definition: Option<FlowDefinition>,
    versions: Vec<FlowVersion>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowVersion {
    version: u32,
    content_hash: String,
}

/// `None` when nothing is published.
fn describe(flow: &FlowId, state: &FlowState) -> Option<FlowShown> {
    let current = state.latest()?;
    let versions = (1..=current.flow_ref.version).filter_map(|version| state.version(version));
    let versions = versions.map(|one| FlowVersion {
        version: one.flow_ref.version,
        content_hash: one.flow_ref.content_hash.clone(),
    });
    Some(FlowShown {
        id: flow.clone(),
        version: current.flow_ref.version,
        content_hash: current.flow_ref.content_hash.clone(),
        definition: current.definition.as_deref().cloned(),
        versions: versions.collect(),
        known: None,
    })
}
