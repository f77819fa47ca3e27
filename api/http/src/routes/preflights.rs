//! The route of the preflight (预检): what would happen if a campaign started now. It changes nothing.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::parameter::Parameter;
use application::segments::visibility::SegmentVisibility;
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::preflight::{Preflight, PreflightInputs, preflight};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/preflight",
            "Run the preflight of a campaign",
            ask,
        )
        .describe(
            "Returns the numbers left after each rule, the reasons why no call would be dialed, and a \
             forecast of the end and the cost. Nothing is stored.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .heavy()
        .query(
            const {
                &[Parameter::number(
                    "per_minute_fen",
                    "Tariff in fen per minute, a whole number",
                    15,
                )]
            },
        ),
    ]
}

async fn ask(ctx: Ctx, input: Input) -> Result<ReadReply<Preflight>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let per_minute_fen = input.number("per_minute_fen")?;
    let (scope, sight) = (input.scope.clone(), SegmentVisibility::of(&input.caller));
    let asked = PreflightInputs {
        campaign,
        per_minute_fen,
        admits: &|campaign| scope.admits_campaign(campaign),
    };
    let found = preflight(&ctx.installation, asked).await?;
    Ok(ReadReply(found.restrict_to_sight(sight)))
}
