//! The route that counts why callees refused in a campaign's recorded calls.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::replaying::{RefusalsResponse, refusals};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/refusals",
            "Count the reasons of refusals",
            show,
        )
        .describe("Returns the reasons that were understood in a campaign's calls, each with its share.")
        .needs(Permission::FiguresRead, EndpointSubject::Campaign),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<RefusalsResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.created().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    refusals(&ctx.installation, &campaign).await.map(ReadReply)
}
