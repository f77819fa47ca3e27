//! Flows over HTTP: which versions are published, and which was current then.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use application::as_of::{Moment, PARAMETERS, entity_then};
use domain::flow::{Flow, FlowState};
use domain::ids::FlowId;
use domain::problem::Problem;
use serde_json::{Value, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/flows/{id}",
            "One flow: its versions, and the current one's definition",
            |ctx, input| Box::pin(show(ctx, input)),
        )
        .query(PARAMETERS),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let moment = Moment::of(input.query())?;
    if moment.is_now() {
        let loaded = ctx.installation.entities.flows.state(&flow).await?;
        let shown = describe(&flow, &loaded.state).ok_or_else(|| Problem::missing("this flow"))?;
        return Ok(Done::Read(shown));
    }
    let then = moment
        .resolve(ctx.installation.store(), ctx.installation.now())
        .await?;
    let entity = entity_then::<Flow>(
        ctx.installation.store(),
        &flow,
        &then,
        (ctx.installation.vault(), None),
    )
    .await?;
    let mut shown = describe(&flow, &entity.state)
        .ok_or_else(|| Problem::missing("this flow, at the time asked for,"))?;
    entity.put_known(&then, &mut shown);
    Ok(Done::Read(shown))
}

/// `None` when nothing is published.
fn describe(flow: &FlowId, state: &FlowState) -> Option<Value> {
    let current = state.latest()?;
    let versions = (1..=current.flow_ref.version).filter_map(|version| state.version(version));
    let versions: Vec<Value> = versions
        .map(|one| json!({ "version": one.flow_ref.version, "content_hash": one.flow_ref.content_hash }))
        .collect();
    Some(json!({
        "id": flow,
        "version": current.flow_ref.version,
        "content_hash": current.flow_ref.content_hash,
        // Null where another build published what this one cannot read.
        "definition": current.definition.as_ref().map(|definition| definition.to_value()),
        "versions": versions,
    }))
}
