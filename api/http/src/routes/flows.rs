//! Flows over HTTP: published, gone back to, listed; which versions there are, and which was current then.

use crate::described::{Changed, MadeOrChanged, Read};
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::paging::{LONG, PAGED, Paged, Paging};
use crate::reply::Written;
use application::as_of::{AS_OF, Known, Moment, VALID_AT, entity_then};
use application::flows::{
    FlowChanged, FlowOrder, FlowVersions, Flows, RollbackOrder, listed, publish, roll_back, versions,
};
use application::parameter::Parameter;
use domain::flow::{Flow, FlowDefinition, FlowState};
use domain::ids::FlowId;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/flows",
            "Publish a flow: checked, and a version of its own unless it is the current one",
            publish_one,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<FlowOrder>()
        .heavy(),
        Endpoint::get(
            "/api/v1/flows",
            "Published flows by name, with their current versions",
            list,
        )
        // A campaign's own flow has the campaign's name: whoever is held to some is shown no list of all.
        .needs(Permission::CampaignsRead, About::Everybody)
        .query(PAGED),
        Endpoint::get(
            "/api/v1/flows/{id}",
            "One flow: its versions, and the definition of the current one or of the one asked for",
            show,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(const { &[VERSION, AS_OF, VALID_AT] }),
        Endpoint::get(
            "/api/v1/flows/{id}/versions",
            "Every version of a flow: when it was published, and who approved it",
            show_versions,
        )
        .needs(Permission::RulesRead, About::Everybody)
        .query(PAGED),
        Endpoint::post(
            "/api/v1/flows/{id}/rollback",
            "Make an earlier version current again; campaigns keep the version that they were made with",
            back,
        )
        .needs(Permission::CampaignsWrite, About::Everybody)
        .takes::<RollbackOrder>(),
    ]
}

/// Which version of a flow.
const VERSION: Parameter = Parameter::number("version", "A version of the flow; default: the current one", 1);

async fn publish_one(ctx: Ctx, input: Input) -> Result<MadeOrChanged<FlowChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "flows")?;
    let caller = input.caller.clone();
    let order: FlowOrder = input.order().await?;
    let done = publish(&ctx.installation, &caller, order, cause).await?;
    let made = done.changed;
    let written = written(done);
    Ok(if made {
        MadeOrChanged::Made(written)
    } else {
        MadeOrChanged::Changed(written)
    })
}

async fn back(ctx: Ctx, input: Input) -> Result<Changed<FlowChanged>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let cause = input.cause(&ctx.installation, "flows/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackOrder = input.order().await?;
    let done = roll_back(&ctx.installation, &caller, flow, order, cause).await?;
    Ok(Changed(written(done)))
}

fn written(done: FlowChanged) -> Written<FlowChanged> {
    Written {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<Read<Paged<Flows>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<FlowId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.flow)).transpose()?;
    Ok(Read(Paged {
        list: Flows { items },
        next_cursor,
    }))
}

async fn show_versions(ctx: Ctx, input: Input) -> Result<Read<Paged<FlowVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let flow: FlowId = input.id(0, "this flow")?;
    let mut list = versions(&ctx.installation, &flow).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(Read(Paged { list, next_cursor }))
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<FlowShown>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let version: Option<u32> = input.number(VERSION.name)?;
    let moment = Moment::of(input.query())?;
    if moment.is_now() {
        let loaded = ctx.installation.entities.flows.state(&flow).await?;
        let shown = describe(&flow, version, &loaded.state).ok_or_else(|| Problem::missing("this flow"))?;
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
    let mut shown = describe(&flow, version, &entity.state)
        .ok_or_else(|| Problem::missing("this flow, at the time asked for,"))?;
    shown.known = Some(entity.known(&then));
    Ok(Read(shown))
}

/// A version of a flow, as published.
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

/// `None` when nothing is published, or not this version.
fn describe(flow: &FlowId, version: Option<u32>, state: &FlowState) -> Option<FlowShown> {
    let current = version.map_or_else(|| state.current(), |version| state.version(version))?;
    let versions = state.versions().map(|one| FlowVersion {
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
