//! Why people refused, over the recorded calls of a campaign.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::replaying::{RefusalsShown, refusals};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/refusals",
            "Why people refused: reasons that were understood in a campaign's calls, each with its share",
            show,
        )
        .needs(Permission::FiguresRead, About::Campaign),
    ]
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<RefusalsShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.created().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    refusals(&ctx.installation, &campaign).await.map(Read)
}
