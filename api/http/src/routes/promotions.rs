//! The route that promotes a campaign to its next go-live stage.

use crate::api_description::ChangeReply;
use crate::endpoint::{Ctx, Endpoint, EndpointSubject, Input, Permission};
use crate::reply::WriteResult;
use application::approvals::{ProposedAct, four_eyes};
use application::campaigns::{CampaignResponse, PromotionRequest, StageResponse, describe, promote};
use domain::approval::{Act, ApprovalSubject};
use domain::approval_requirements::ApprovalRequirement;
use domain::campaign::PROMOTION_REASON_BYTES_MAX;
use domain::go_live::Stage;
use domain::ids::{ApprovalId, CampaignId};
use domain::problem::Problem;
use domain::promotion::{EvidenceStatements, ON_DUTY_BYTES_MAX};
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/campaigns/{id}/promote",
            "Promote a campaign to its next stage",
            let_go_on,
        )
        .describe(
            "Stages: a pilot with at most 1,000 calls a day, a roll-out, or full. Needs a reason and \
             evidence; a campaign with approvals of promotions also needs another user's approval.",
        )
        .needs(Permission::CampaignsStart, EndpointSubject::Campaign)
        .takes::<StagePromotionRequest>(),
    ]
}

/// The body of a promotion: the stage, the reason, and evidence that only people know. Figures are counted
/// from the log.
#[derive(ApiRequest, JsonSchema)]
#[request(check = check_evidence)]
#[schemars(extend("examples" = [{ "to": "full", "reason": "a week without a complaint",
    "evidence": { "person_on_duty": "li" } }]))]
struct StagePromotionRequest {
    #[schemars(with = "Stage")]
    #[member(read = stage)]
    to: Option<Stage>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = PROMOTION_REASON_BYTES_MAX))]
    reason: String,
    /// For `full`: the person on duty. With agents: their number, days, ratios, reviewed days.
    evidence: Option<EvidenceStatements>,
    /// The approval by another user.
    #[member(parse)]
    approval: Option<ApprovalId>,
}

fn stage(body: &mut Members, name: &str) -> Option<Stage> {
    let stage = body.value(name);
    if stage.is_none() {
        body.wrong(name, "is pilot, roll_out or full");
    }
    stage
}

fn check_evidence(request: &StagePromotionRequest, body: &mut Members) {
    let evidence = request.evidence.as_ref();
    let named = evidence.and_then(|said| said.person_on_duty.as_ref());
    if named.is_some_and(|name| name.len() > ON_DUTY_BYTES_MAX) {
        let detail = format!("person_on_duty has at most {ON_DUTY_BYTES_MAX} bytes");
        body.wrong("evidence", detail);
    }
}

async fn let_go_on(ctx: Ctx, input: Input) -> Result<ChangeReply<CampaignResponse>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/promote")?;
    let caller = input.caller.clone();
    let order: StagePromotionRequest = input.order().await?;
    let Some(to) = order.to else {
        return Err(Problem::fault("a promotion without its stage passed its checks"));
    };
    let installation = &ctx.installation;
    let state = installation.entities.campaigns.state(&campaign).await?.state;
    if state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    // No approval is requested if the campaign is in this stage already.
    let asks =
        state.asks_for_approval_of(ApprovalRequirement::Promotions) && state.gates().stage() != Some(to);
    let behind = if asks {
        let asked = ApprovalSubject {
            campaign: Some(campaign.clone()),
            ..ApprovalSubject::of(Act::PromoteCampaign)
        };
        let doing = ProposedAct {
            asked: asked.with("to", Some(to.code())),
            reason: order.reason.clone(),
            approval: order.approval,
        };
        Some(four_eyes(installation, &caller, doing, cause).await?)
    } else {
        None
    };
    let promoting = PromotionRequest {
        to,
        reason: order.reason,
        said: order.evidence.unwrap_or_default(),
    };
    let answer = promote(installation, &campaign, promoting, behind, cause).await?;
    let mut body = describe(&campaign, &answer.state);
    body.stage = StageResponse::of(answer.state.gates(), installation.now());
    Ok(ChangeReply(WriteResult {
        body,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
