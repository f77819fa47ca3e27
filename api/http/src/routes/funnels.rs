//! How far a campaign's customers came, stage by stage.

use crate::endpoint::{Ctx, Endpoint, Input};
use crate::reply::Done;
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::funnel::stages;
use serde_json::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/api/v1/campaigns/{id}/funnel",
        "Customers of a campaign by the furthest stage they came to, each stage with all behind it",
        |ctx, input| Box::pin(show(ctx, input)),
    )]
}

async fn show(ctx: Ctx, input: Input) -> Result<Done, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    if ctx.installation.board(&campaign).await?.is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let rows = stages(ctx.installation.rows.db().as_ref(), &campaign).await?;
    Ok(Done::Read(json!({
        "campaign": campaign,
        "stages": rows,
        "position": ctx.installation.rows.position().map(|position| position.to_string()),
    })))
}
