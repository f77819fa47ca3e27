//! The route that promotes a campaign to its next go-live stage.

use crate::described::Changed;
use crate::endpoint::{About, Ctx, Endpoint, Input, Permission};
use crate::reply::Written;
use application::approvals::{Doing, four_eyes};
use application::campaigns::{CampaignShown, Promoting, StageShown, describe, promote};
use domain::approval::{Act, Asked};
use domain::approvals_asked::NeedsApproval;
use domain::campaign::PROMOTION_REASON_BYTES_MAX;
use domain::go_live::Stage;
use domain::ids::{ApprovalId, CampaignId};
use domain::problem::Problem;
use domain::promotion::{ON_DUTY_BYTES_MAX, SaidEvidence};
use intake::members::{Members, Order};
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
        .needs(Permission::CampaignsStart, About::Campaign)
        .takes::<PromotionOrder>(),
    ]
}

/// The body of a promotion: the stage, the reason, and evidence that only people know. Figures are counted
/// from the log.
#[derive(JsonSchema)]
#[schemars(extend("examples" = [{ "to": "full", "reason": "a week without a complaint",
    "evidence": { "person_on_duty": "li" } }]))]
struct PromotionOrder {
    to: Option<Stage>,
    /// Stored permanently; must not contain personal data.
    #[schemars(length(min = 1, max = PROMOTION_REASON_BYTES_MAX))]
    reason: String,
    /// For `full`: the person on duty. With agents: their number, days, ratios, reviewed days.
    evidence: Option<SaidEvidence>,
    /// The approval by another user.
    approval: Option<ApprovalId>,
}

impl Order for PromotionOrder {
    fn read(body: &mut Members) -> Self {
        let to = body.value("to");
        if to.is_none() {
            body.wrong("to", "is pilot, roll_out or full");
        }
        let evidence: Option<SaidEvidence> = body.value("evidence");
        let named = evidence.as_ref().and_then(|said| said.person_on_duty.as_ref());
        if named.is_some_and(|name| name.len() > ON_DUTY_BYTES_MAX) {
            body.wrong(
                "evidence",
                format!("person_on_duty has at most {ON_DUTY_BYTES_MAX} bytes"),
            );
        }
        Self {
            to,
            reason: body.needed_short_text("reason", PROMOTION_REASON_BYTES_MAX),
            evidence,
            approval: body.parsed("approval"),
        }
    }
}

async fn let_go_on(ctx: Ctx, input: Input) -> Result<Changed<CampaignShown>, Problem> {
    let campaign: CampaignId = input.id(0, "this campaign")?;
    let cause = input.cause(&ctx.installation, "campaigns/promote")?;
    let caller = input.caller.clone();
    let order: PromotionOrder = input.order().await?;
    let Some(to) = order.to else {
        return Err(Problem::fault("a promotion without its stage passed its checks"));
    };
    let installation = &ctx.installation;
    let state = installation.entities.campaigns.state(&campaign).await?.state;
    if state.status().is_none() {
        return Err(Problem::missing("this campaign"));
    }
    // No approval is requested if the campaign is in this stage already.
    let asks = state.asks_for_approval_of(NeedsApproval::Promotions) && state.gates().stage() != Some(to);
    let behind = if asks {
        let asked = Asked {
            campaign: Some(campaign.clone()),
            ..Asked::of(Act::PromoteCampaign)
        };
        let doing = Doing {
            asked: asked.with("to", Some(to.code())),
            reason: order.reason.clone(),
            approval: order.approval,
        };
        Some(four_eyes(installation, &caller, doing, cause).await?)
    } else {
        None
    };
    let promoting = Promoting {
        to,
        reason: order.reason,
        said: order.evidence.unwrap_or_default(),
    };
    let answer = promote(installation, &campaign, promoting, behind, cause).await?;
    let mut body = describe(&campaign, &answer.state);
    body.stage = StageShown::of(answer.state.gates(), installation.now());
    Ok(Changed(Written {
        body,
        version: Some(answer.version),
        position: Some(answer.position),
    }))
}
