//! Resolves what a campaign's request refers to: models, model tiers, a knowledge base, and the campaign
//! that must finish first. Each must exist before the campaign is created, otherwise the request is
//! refused.

use crate::installation::Installation;
use crate::{knowledge, models};
use domain::calling_plan::CallingPlan;
use domain::campaign::CampaignRefusal;
use domain::compliance::demands_seller;
use domain::knowledge::KnowledgeSelector;
use domain::model::ModelSelector;
use domain::model_tier::{ModelTier, ModelTiers};
use domain::problem::{MemberError, Problem};
use domain::time::Timestamp;
use intake::model_tiers::NamedModelTier;

/// What a campaign's request refers to by name: models, model tiers and a knowledge base.
pub(super) struct CampaignReferences<'a> {
    pub(super) model: Option<&'a ModelSelector>,
    pub(super) model_tiers: &'a [NamedModelTier],
    pub(super) knowledge: Option<&'a KnowledgeSelector>,
}

impl CampaignReferences<'_> {
    /// Puts the published versions that the names refer to into the plan. Fails if one does not exist.
    pub(super) async fn resolve(
        &self,
        installation: &Installation,
        plan: &mut CallingPlan,
    ) -> Result<(), Problem> {
        plan.model = match self.model {
            Some(named) => Some(Box::new(models::find_published_model(installation, named).await?)),
            None => None,
        };
        let mut tiers = Vec::with_capacity(self.model_tiers.len());
        for tier in self.model_tiers {
            tiers.push(ModelTier {
                by: tier.by.clone(),
                is: tier.is.clone(),
                model: models::find_published_model(installation, &tier.model).await?,
            });
        }
        plan.model_tiers = ModelTiers::new(tiers);
        plan.knowledge = match self.knowledge {
            Some(named) => Some(Box::new(
                knowledge::find_published_knowledge(installation, named, plan.approvals).await?,
            )),
            None => None,
        };
        follows_one_that_exists(installation, plan).await
    }
}

/// Fails if the campaign that this one waits for does not exist. Because it must exist first, campaigns
/// cannot wait for each other in a circle.
async fn follows_one_that_exists(installation: &Installation, plan: &CallingPlan) -> Result<(), Problem> {
    let Some(after) = plan.running.as_deref().and_then(|running| running.after.as_ref()) else {
        return Ok(());
    };
    let before = installation.entities.campaigns.state(&after.campaign).await?;
    match before.state.created() {
        Some(_) => Ok(()),
        None => Err(Problem::refused(
            "after-unknown",
            format!(
                "the campaign {} to wait for does not exist: create it first",
                after.campaign
            ),
        )),
    }
}

/// Fails with an error at `/seller` if a preset requires a seller and the plan has none.
pub(super) fn names_its_seller(plan: &CallingPlan, now: Timestamp) -> Result<(), Problem> {
    match demands_seller(plan, now).filter(|_| plan.seller.is_none()) {
        None => Ok(()),
        Some(preset) => Err(Problem::members(vec![MemberError {
            pointer: "/seller".to_owned(),
            detail: CampaignRefusal::SellerMissing { preset }.to_string(),
        }])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::calling_plan::{CallingWindow, Preset};
    use domain::screening::{CallTaker, Screening};
    use domain::time::TimeOfDay;

    #[test]
    fn a_seller_that_is_missing_is_named_by_its_member() {
        let hour = |hour: u16| TimeOfDay::from_minutes(hour * 60).unwrap();
        let plan = CallingPlan {
            preset: Preset::UsTsr,
            screening: Some(Box::new(Screening {
                relief: Some(CallTaker::Agents),
                ..Screening::default()
            })),
            ..CallingPlan::within(CallingWindow {
                start: hour(9),
                end: hour(18),
                rests: Vec::new(),
            })
        };
        let problem = names_its_seller(&plan, "2026-11-26T00:00:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/seller");
        assert!(problem.detail.contains("us-tsr requires"), "{}", problem.detail);
        assert!(names_its_seller(&plan, "2026-11-25T23:59:59Z".parse().unwrap()).is_ok());
    }
}
