//! The route that lists every reason for which dialing is paused, with what to do about it.

use crate::api_description::ReadReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use application::dialing_pauses::DialingPauseResponse;
use domain::dialing_pause::DialingPause;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/dialing", "List the reasons that pause dialing", show)
            .describe(
                "Returns every reason for which this process does not dial now, for the whole installation, \
                 a trunk or a campaign of the caller's data scope, with its beginning, its end if that is \
                 known, and what to do.",
            )
            .needs(Permission::InstallationRead, EndpointSubject::Handler)
            .skip_view_wait(),
    ]
}

/// The reasons for which dialing is paused.
#[derive(Debug, Serialize, JsonSchema)]
struct DialingResponse {
    /// True if a reason pauses every call of this process.
    paused: bool,
    items: Vec<DialingPauseResponse>,
    /// False if the campaigns could not all be looked at: there are too many, or the views or the log cannot
    /// be read.
    complete: bool,
    /// Time of the answer by this process's clock.
    shown_at: Timestamp,
}

async fn show(ctx: Ctx, input: Input) -> Result<ReadReply<DialingResponse>, Problem> {
    let scope = input.scope.clone();
    let admits = |campaign: &CampaignId| scope.admits_campaign(campaign);
    let report = ctx.process.dialing_report(&admits).await;
    Ok(ReadReply(DialingResponse {
        paused: report.pauses.iter().any(DialingPause::is_installation_wide),
        items: report.pauses.into_iter().map(Into::into).collect(),
        complete: report.is_complete,
        shown_at: ctx.installation.now(),
    }))
}
