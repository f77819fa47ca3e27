//! Another campaign with the same plan and flow: its lists, calls and figures are its own.

use crate::installation::Installation;
use actors::Answer;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;

/// Makes `to` as `from` was made; the same again is answered without an event. Beginning and end are the
/// first one's own: the clone has the end that is said, or none.
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
