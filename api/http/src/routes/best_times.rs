//! The route that shows at which hours the customers of a campaign answer (CMP-4).

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::as_of::{Moment, PARAMETERS};
use application::campaigns::{BestTimesResponse, learnt_times};
use domain::ids::CampaignId;
use domain::problem::Problem;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/campaigns/{id}/times",
            "Get the learned best calling times of a campaign",
            times,
        )
        .describe(
            "For each customer group and type of day: dials and answers per hour, the estimated answer \
             rate in per mille, and the best hour, now or at a past moment.",
        )
        .needs(Permission::FiguresRead, EndpointSubject::Campaign)
        .query(PARAMETERS),
    ]
}

async fn times(ctx: Ctx, input: Input) -> Result<ReadReply<BestTimesResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let moment = Moment::of(input.query())?;
    learnt_times(&ctx.installation, &campaign, moment)
        .await
        .map(ReadReply)
}
