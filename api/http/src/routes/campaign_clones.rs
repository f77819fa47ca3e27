//! The route that creates a campaign as a copy of another one.

use crate::api_description::CreationReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::guard::build_scope_problem;
use crate::reply::WriteResult;
use application::campaigns::{CampaignResponse, clone_campaign, describe};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/campaigns/{id}/clone", "Copy a campaign", make_alike)
            .describe(
                "Creates a campaign with the plan and the flow of this one. Lists, enrolments and figures \
                 are not copied.",
            )
            .needs(Permission::CampaignsWrite, EndpointSubject::Campaign)
            .takes::<CampaignCloneRequest>(),
    ]
}

/// The body that copies a campaign: the id and the end of the new one.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "task_id": "LOAN_REMIND_2" }]))]
struct CampaignCloneRequest {
    #[member(read = task_id)]
    task_id: Option<CampaignId>,
    /// When the new campaign ends; without it the campaign has no end.
    #[member(parse)]
    ends_at: Option<Timestamp>,
}

fn task_id(body: &mut Members, name: &str) -> Option<CampaignId> {
    let id = body.parsed(name);
    if id.is_none() {
        body.wrong(name, "is the new campaign's id");
    }
    id
}

async fn make_alike(ctx: Ctx, input: Input) -> Result<CreationReply<CampaignResponse>, Problem> {
    let from: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/clone")?;
    let scope = input.scope.clone();
    let order: CampaignCloneRequest = input.order().await?;
    let Some(to) = order.task_id else {
        return Err(Problem::fault("a clone without its id passed its checks"));
    };
    if !scope.admits_campaign(&to) {
        return Err(build_scope_problem("a campaign of this name is not among yours"));
    }
    let answer = clone_campaign(&ctx.installation, &from, &to, order.ends_at, cause).await?;
    let written = WriteResult {
        body: describe(&to, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    };
    Ok(match answer.events.is_empty() {
        true => CreationReply::Changed(written),
        false => CreationReply::Made(written),
    })
}
