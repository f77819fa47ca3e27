//! Promotes a campaign to the next stage of going live: in order, with a reason and evidence.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::status::CampaignStatus;
use crate::four_eyes::FourEyes;
use crate::promotion::{Evidence, PromotionStep};
use crate::time::Timestamp;
use values::approval_requirements::ApprovalRequirement;
use values::go_live::Stage;

/// The most bytes of a promotion's reason; a longer one is refused. It is stored permanently and must not
/// contain personal data.
pub const PROMOTION_REASON_BYTES_MAX: usize = 256;

/// Promotes the campaign to stage `to`, the next of its plan. No event if it is there already. Refused for
/// another stage, a stopped campaign, and without a reason, the evidence or a required approval.
pub(super) fn promote(
    state: &CampaignState,
    status: CampaignStatus,
    to: Stage,
    reason: String,
    evidence: Box<Evidence>,
    four_eyes: Option<Box<FourEyes>>,
    now: Timestamp,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    let plan = state.gates().plan().ok_or(CampaignRefusal::NotStaged)?;
    let from = state.gates().stage().ok_or(CampaignRefusal::NotStaged)?;
    if from == to {
        return Ok(Vec::new());
    }
    if status == CampaignStatus::Stopped {
        return Err(CampaignRefusal::WrongStatus { status });
    }
    if plan.after(from) != Some(to) {
        return Err(CampaignRefusal::NotTheNextStage { stage: from, to });
    }
    if reason.trim().is_empty() || reason.len() > PROMOTION_REASON_BYTES_MAX {
        return Err(CampaignRefusal::NoReason {
            bytes_max: PROMOTION_REASON_BYTES_MAX,
        });
    }
    let going = PromotionStep {
        from,
        to,
        plan,
        answered_before: state.gates().answered_before(),
        days: state.gates().days_in_stage(now),
    };
    if let Some(lacking) = evidence.lacking(&going) {
        return Err(CampaignRefusal::WithoutEvidence(lacking));
    }
    if four_eyes.is_none() && state.asks_for_approval_of(ApprovalRequirement::Promotions) {
        return Err(CampaignRefusal::PromotionNotApproved);
    }
    Ok(vec![CampaignEvent::Promoted {
        from,
        to,
        reason,
        evidence,
        four_eyes,
    }])
}
