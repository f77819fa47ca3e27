//! Cloning of a campaign (复制任务): a new campaign with the same plan and flow. Its lists, calls and figures
//! are its own.

use crate::installation::Installation;
use actors::Answer;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;

/// Creates campaign `to` with the plan and flow of `from`. Start time, predecessor and end are not copied:
/// the clone ends at `ends_at`, or has no end. A repeated request stores no event. Fails if `from` does not
/// exist.
pub async fn clone_campaign(
    installation: &Installation,
    from: &CampaignId,
    to: &CampaignId,
    ends_at: Option<Timestamp>,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    let loaded = installation.entities.campaigns.state(from).await?;
    let created = loaded.state.created().cloned();
    let created = created.ok_or_else(|| Problem::missing("this campaign"))?;
    let mut plan = created.plan;
    plan.ends_at = ends_at;
    plan.running = plan.running.map(|mut running| {
        (running.starts_at, running.after) = (None, None);
        running
    });
    plan.running.take_if(|running| running.is_empty());
    let command = CampaignCommand::Create {
        campaign: to.clone(),
        customer_segment: created.customer_segment,
        flow: created.flow,
        plan,
    };
    Ok(installation.entities.campaigns.ask(to, command, cause).await?)
}
