//! The route of the preflight (预检): what would happen if a campaign started now. It changes nothing.

use crate::described::Read;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use application::parameter::Parameter;
use application::segments::sight::SegmentSight;
use domain::ids::CampaignId;
use domain::problem::Problem;
use evidence::preflight::{Preflight, PreflightAsk, preflight};

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
        .needs(Permission::FiguresRead, About::Campaign)
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

async fn ask(ctx: Ctx, input: Input) -> Result<Read<Preflight>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let per_minute_fen = input.number("per_minute_fen")?;
    let (scope, sight) = (input.scope.clone(), SegmentSight::of(&input.caller));
    let asked = PreflightAsk {
        campaign,
        per_minute_fen,
        admits: &|campaign| scope.admits_campaign(campaign),
    };
    let found = preflight(&ctx.installation, asked).await?;
    Ok(Read(found.seen_by(sight)))
}
