//! Routes of flows: publish, roll back, list and show them and their versions, now or at a past moment.

use crate::api_description::{ChangeReply, CreationReply, ReadReply};
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::paging::{LONG, ListPage, PAGED, Paging};
use crate::reply::WriteResult;
use application::as_of::{AS_OF, Moment, PastMomentInfo, VALID_AT, entity_then};
use application::flows::{
    FlowChanged, FlowRequest, FlowVersions, Flows, RollbackRequest, listed, publish, roll_back, versions,
};
use application::parameter::Parameter;
use domain::flow::{Flow, FlowDefinition, FlowState};
use domain::ids::FlowId;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/flows", "Publish a flow", publish_one)
            .describe(
                "Checks the flow and stores it as a new version, unless it equals the current one. \
                 Campaigns keep the version they were created with.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<FlowRequest>()
            .heavy(),
        Endpoint::get("/api/v1/flows", "List flows", list)
            .describe("Returns published flows by name with their current versions.")
            // The flow of a campaign has the campaign's name, so a caller who is limited to some campaigns
            // gets no list.
            .needs(Permission::CampaignsRead, EndpointSubject::Everybody)
            .query(PAGED),
        Endpoint::get("/api/v1/flows/{id}", "Get a flow", show)
            .describe(
                "Returns the definition of the current version or of another one, and the numbers of all \
                 versions, now or at a past moment.",
            )
            .needs(Permission::RulesRead, EndpointSubject::Everybody)
            .query(const { &[VERSION, AS_OF, VALID_AT] }),
        Endpoint::get(
            "/api/v1/flows/{id}/versions",
            "List the versions of a flow",
            show_versions,
        )
        .describe("Returns when each version was published, and who approved it.")
        .needs(Permission::RulesRead, EndpointSubject::Everybody)
        .query(PAGED),
        Endpoint::post("/api/v1/flows/{id}/rollback", "Roll back a flow", back)
            .describe(
                "Makes an earlier version current again. Campaigns keep the version they were created with.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Everybody)
            .takes::<RollbackRequest>(),
    ]
}

/// Query parameter: a version of the flow.
const VERSION: Parameter = Parameter::number("version", "A version of the flow; default: the current one", 1);

async fn publish_one(ctx: Ctx, input: Input) -> Result<CreationReply<FlowChanged>, Problem> {
    let cause = input.cause(&ctx.installation, "flows")?;
    let caller = input.caller.clone();
    let order: FlowRequest = input.order().await?;
    let done = publish(&ctx.installation, &caller, order, cause).await?;
    let made = done.changed;
    let written = written(done);
    Ok(if made {
        CreationReply::Made(written)
    } else {
        CreationReply::Changed(written)
    })
}

async fn back(ctx: Ctx, input: Input) -> Result<ChangeReply<FlowChanged>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let cause = input.cause(&ctx.installation, "flows/rollback")?;
    let caller = input.caller.clone();
    let order: RollbackRequest = input.order().await?;
    let done = roll_back(&ctx.installation, &caller, flow, order, cause).await?;
    Ok(ChangeReply(written(done)))
}

fn written(done: FlowChanged) -> WriteResult<FlowChanged> {
    WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }
}

async fn list(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<Flows>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let behind: Option<FlowId> = paging.place()?;
    let items = listed(&ctx.installation, behind.as_ref(), paging.limit).await?;
    let last = items.last().filter(|_| items.len() == paging.limit);
    let next_cursor = last.map(|row| paging.cursor(&row.flow)).transpose()?;
    Ok(ReadReply(ListPage {
        list: Flows { items },
        next_cursor,
    }))
}

async fn show_versions(ctx: Ctx, input: Input) -> Result<ReadReply<ListPage<FlowVersions>>, Problem> {
    let paging = Paging::of(&ctx.installation, &input, LONG)?;
    let flow: FlowId = input.id(0, "this flow")?;
    let mut list = versions(&ctx.installation, &flow).await?;
    let (items, next_cursor) = paging.cut(list.items, |one| one.version)?;
    list.items = items;
    Ok(ReadReply(ListPage { list, next_cursor }))
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<FlowResponse>, Problem> {
    let flow: FlowId = input.id(0, "this flow")?;
    let version: Option<u32> = input.number(VERSION.name)?;
    let moment = Moment::of(input.query())?;
    if moment.is_now() {
        let loaded = ctx.installation.entities.flows.state(&flow).await?;
        let shown = describe(&flow, version, &loaded.state).ok_or_else(|| Problem::missing("this flow"))?;
        return Ok(ReadReply(shown));
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
    Ok(ReadReply(shown))
}

/// A published version of a flow.
#[derive(Debug, Serialize, JsonSchema)]
struct FlowResponse {
    id: FlowId,
    version: u32,
    content_hash: String,
    /// Null if this build cannot read the definition, because another build published it.
    definition: Option<FlowDefinition>,
    versions: Vec<FlowVersion>,
    /// For a past moment: what the reply is based on.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<PastMomentInfo>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FlowVersion {
    version: u32,
    content_hash: String,
}

/// Describes the current version of a flow, or the given one. `None` if it is not published.
fn describe(flow: &FlowId, version: Option<u32>, state: &FlowState) -> Option<FlowResponse> {
    let current = version.map_or_else(|| state.current(), |version| state.version(version))?;
    let versions = state.versions().map(|one| FlowVersion {
        version: one.flow_ref.version,
        content_hash: one.flow_ref.content_hash.clone(),
    });
    Some(FlowResponse {
        id: flow.clone(),
        version: current.flow_ref.version,
        content_hash: current.flow_ref.content_hash.clone(),
        definition: current.definition.as_deref().cloned(),
        versions: versions.collect(),
        known: None,
    })
}
