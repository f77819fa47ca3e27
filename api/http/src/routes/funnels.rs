//! How far a campaign's customers came, stage by stage.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::views::funnel::{StageRow, stages};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/funnel",
            "Customers of a campaign by the furthest stage they came to, each stage with all behind it",
            show,
        )
        .steady()
        .needs(Permission::FiguresRead, About::Campaign),
    ]
}

/// Customers by the furthest stage they came to.
#[derive(Debug, Serialize, JsonSchema)]
struct Funnel {
    campaign: CampaignId,
    stages: Vec<StageRow>,
    position: Option<String>,
}

async fn show(ctx: Ctx, input: Input) -> Result<Read<Funnel>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    if ctx.installation.board(&campaign).await?.is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let rows = stages(ctx.installation.rows.db().as_ref(), &campaign).await?;
    Ok(Read(Funnel {
        campaign,
        stages: rows,
        position: ctx
            .installation
            .rows
            .position()
            .map(|position| position.to_string()),
    }))
}
