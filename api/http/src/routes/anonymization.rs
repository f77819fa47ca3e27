//! The route that anonymizes the customers of a finished campaign.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::approvals::{ProposedAct, four_eyes};
use application::campaigns::{AnonymizationMode, AnonymizationResponse, CARRYING, anonymize};
use domain::approval::{Act, ApprovalSubject};
use domain::campaign::{ANONYMIZATION_REASON_BYTES_MAX, Anonymization};
use domain::ids::{ApprovalId, CampaignId};
use domain::problem::Problem;
use intake::members::ApiRequest;
use schemars::JsonSchema;
use std::collections::BTreeMap;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/anonymize",
            "Anonymize the customers of a finished campaign",
            make_unknowable,
        )
        .describe(
            "Erases each customer who is in no other campaign and keeps their words as anonymous \
             transcripts. Customers who cannot be erased are listed with the reason. Calls and metrics \
             stay. Needs another user's approval; `dry_run` only shows what would happen.",
        )
        .needs(Permission::CustomersErase, EndpointSubject::Campaign)
        .takes::<AnonymizationRequest>(),
    ]
}

/// The body of an anonymization: the reason, and whether it is a dry run.
#[derive(ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "the study is over", "dry_run": true }]))]
struct AnonymizationRequest {
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = ANONYMIZATION_REASON_BYTES_MAX))]
    reason: String,
    /// If true, nothing is erased or stored: the reply lists the customers who would be erased.
    dry_run: Option<bool>,
    /// The approval by another user.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

async fn make_unknowable(ctx: Ctx, input: Input) -> Result<ChangeReply<AnonymizationResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/anonymize")?;
    let caller = input.caller.clone();
    let AnonymizationRequest {
        reason,
        dry_run,
        approval,
    } = input.order().await?;
    let state = ctx.installation.entities.campaigns.state(&campaign).await?.state;
    if state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    let dry_run = dry_run.unwrap_or(false);
    // An anonymization that has begun continues under the approval it began with.
    let begins = !dry_run && state.anonymization() != Anonymization::UnderWay;
    let behind = if begins {
        let doing = ProposedAct {
            asked: ApprovalSubject {
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
    let carrying = if dry_run {
        AnonymizationMode::DryRun
    } else {
        CARRYING
    };
    let done = anonymize(&ctx.installation, &campaign, reason, carrying, behind, cause).await?;
    Ok(ChangeReply(WriteResult {
        version: None,
        position: Some(done.position),
        body: done,
    }))
}
