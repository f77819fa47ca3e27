//! What a campaign's body names and others have published: models, tiers of models, knowledge, the campaign
//! that it waits for. Each is there before the campaign is made, or it is refused.

use crate::installation::Installation;
use crate::{knowledge, models};
use domain::calling_plan::CallingPlan;
use domain::knowledge::KnowledgeNamed;
use domain::model::ModelNamed;
use domain::model_tier::{ModelTier, ModelTiers};
use domain::problem::Problem;
use intake::model_tiers::TierNamed;

/// What it names.
pub(super) struct Naming<'a> {
    pub(super) model: Option<&'a ModelNamed>,
    pub(super) model_tiers: &'a [TierNamed],
    pub(super) knowledge: Option<&'a KnowledgeNamed>,
}

impl Naming<'_> {
    /// Puts into the plan what the names mean.
    pub(super) async fn resolve(
        &self,
        installation: &Installation,
        plan: &mut CallingPlan,
    ) -> Result<(), Problem> {
        plan.model = match self.model {
            Some(named) => Some(Box::new(models::published(installation, named).await?)),
            None => None,
        };
        let mut tiers = Vec::with_capacity(self.model_tiers.len());
        for tier in self.model_tiers {
            tiers.push(ModelTier {
                by: tier.by.clone(),
                is: tier.is.clone(),
                model: models::published(installation, &tier.model).await?,
            });
        }
        plan.model_tiers = ModelTiers::new(tiers);
        plan.knowledge = match self.knowledge {
            Some(named) => Some(Box::new(
                knowledge::published(installation, named, plan.approvals).await?,
            )),
            None => None,
        };
        follows_one_that_exists(installation, plan).await
    }
}

/// Whom a campaign waits for exists before it does, so that nobody waits in a circle.
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
                "there is no campaign {} to wait for: make it first",
                after.campaign
            ),
        )),
    }
}
