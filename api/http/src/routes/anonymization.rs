//! Making a campaign's persons unknowable, over HTTP.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::approvals::{Doing, four_eyes};
use application::campaigns::{AnonymizedShown, CARRYING, Carrying, anonymize};
use domain::approval::{Act, Asked};
use domain::campaign::{ANONYMIZATION_REASON_BYTES_MAX, Anonymization};
use domain::ids::{ApprovalId, CampaignId};
use domain::problem::Problem;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use std::collections::BTreeMap;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/anonymize",
            "Make the persons of a campaign that is over unknowable: figures, calls and words stay, keys are destroyed",
            make_unknowable,
        )
        .needs(Permission::CustomersErase, About::Campaign)
        .takes::<AnonymizationOrder>(),
    ]
}

/// Why, and whether it is only looked.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the study is over", "dry_run": true }]))]
struct AnonymizationOrder {
    /// Stored for ever; nothing personal.
    #[schemars(length(min = 1, max = ANONYMIZATION_REASON_BYTES_MAX))]
    reason: String,
    /// Nobody is erased, and nothing stored: it says who would be.
    dry_run: Option<bool>,
    /// The approval that another person gave.
    approval: Option<ApprovalId>,
}

impl Order for AnonymizationOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", ANONYMIZATION_REASON_BYTES_MAX),
            dry_run: body.value("dry_run"),
            approval: body.parsed("approval"),
        }
    }
}

async fn make_unknowable(ctx: Ctx, input: Input) -> Result<Changed<AnonymizedShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/anonymize")?;
    let caller = input.caller.clone();
    let AnonymizationOrder {
        reason,
        dry_run,
        approval,
    } = input.order().await?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let dry_run = dry_run.unwrap_or(false);
    // What was begun goes on by the approval that it was begun with.
    let begins = !dry_run && state.anonymization() != Anonymization::UnderWay;
    let behind = if begins {
        let doing = Doing {
            asked: Asked {
                act: Act::AnonymiseCampaign,
                customer: None,
                campaign: Some(campaign.clone()),
                details: BTreeMap::new(),
            },
            reason: reason.clone(),
            approval,
        };
        Some(four_eyes(&ctx.installation, &caller, doing, cause).await?)
    } else {
        None
    };
    let carrying = if dry_run { Carrying::DryRun } else { CARRYING };
    let done = anonymize(&ctx.installation, &campaign, reason, carrying, behind, cause).await?;
    Ok(Changed(Written {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}
