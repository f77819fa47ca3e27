//! Another campaign with the same plan and flow, over HTTP.

use crate::described::MadeOrChanged;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::guard::limited;
use crate::reply::Written;
use application::campaigns::{CampaignShown, clone_campaign, describe};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/clone",
            "Create a campaign with the plan and flow of another; lists and figures are its own",
            make_alike,
        )
        .needs(Permission::CampaignsWrite, About::Campaign)
        .takes::<CloneOrder>(),
    ]
}

/// What the new one is called.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "task_id": "LOAN_REMIND_2" }]))]
struct CloneOrder {
    task_id: Option<CampaignId>,
    /// When it ends; without one it does not.
    ends_at: Option<Timestamp>,
}

impl Order for CloneOrder {
    fn read(body: &mut Members) -> Self {
        let task_id = body.parsed("task_id");
        if task_id.is_none() {
            body.wrong("task_id", "is the new campaign's id");
        }
        Self {
            task_id,
            ends_at: body.parsed("ends_at"),
        }
    }
}

async fn make_alike(ctx: Ctx, input: Input) -> Result<MadeOrChanged<CampaignShown>, Problem> {
    let from: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/clone")?;
    let scope = input.scope.clone();
    let order: CloneOrder = input.order().await?;
    let Some(to) = order.task_id else {
        return Err(Problem::fault("a clone without its id passed its checks"));
    };
    if !scope.admits_campaign(&to) {
        return Err(limited("a campaign of this name is not among yours"));
    }
    let answer = clone_campaign(&ctx.installation, &from, &to, order.ends_at, cause).await?;
    let written = Written {
        body: describe(&to, &answer.state),
        version: Some(answer.version),
        position: Some(answer.position),
    };
    Ok(match answer.events.is_empty() {
        true => MadeOrChanged::Changed(written),
        false => MadeOrChanged::Made(written),
    })
}
