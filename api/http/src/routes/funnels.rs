//! The route that shows how far a campaign's customers came, stage by stage.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PARAMETERS};
use application::figures::{QualifiedAnswer, Source};
use domain::ids::CampaignId;
use domain::problem::Problem;
use projections::View;
use projections::views::campaign_board::{self, CampaignBoard};
use projections::views::funnel::{Funnel as CustomerFunnel, StageRow, stages};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/campaigns/{id}/funnel", "Get a campaign's funnel", show)
            .describe(
                "Counts the customers of a campaign by the furthest stage that they reached. A stage \
                 includes all later ones.",
            )
            .allow_caching()
            .needs(Permission::FiguresRead, EndpointSubject::Campaign)
            .query(PARAMETERS),
    ]
}

/// Customers of a campaign by the furthest stage that they reached.
#[derive(Debug, Serialize, JsonSchema)]
struct Funnel {
    campaign: CampaignId,
    stages: Vec<StageRow>,
    position: Option<String>,
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<QualifiedAnswer<Funnel>>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let views: Vec<Arc<dyn View>> = vec![Arc::new(CampaignBoard), Arc::new(CustomerFunnel)];
    let moment = Moment::of(input.query())?;
    let source = Source::of(&ctx.installation, moment, &campaign, views).await?;
    let db = source.db.as_ref();
    if campaign_board::get(db, &campaign).await?.is_none() {
        return Err(source.missing());
    }
    let answer = Funnel {
        stages: stages(db, &campaign).await?,
        campaign,
        position: source.position.map(|position| position.to_string()),
    };
    Ok(ReadReply(QualifiedAnswer {
        answer,
        completeness: source.completeness,
    }))
}
