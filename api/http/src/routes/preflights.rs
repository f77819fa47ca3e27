//! What would become of a campaign if it were started, over HTTP: asked before its start, and enforced by
//! nobody but the campaign itself.

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
            "Numbers left after each rule, why nothing would be dialed, forecast of the end and its cost",
            ask,
        )
        .needs(Permission::FiguresRead, About::Campaign)
        .heavy()
        .query(
            const {
                &[Parameter::number(
                    "per_minute_fen",
                    "Tariff in fen a minute, a whole number",
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
