//! Starting of a campaign. Refuses a start after which callees would hear nothing or no customer would be
//! called.

use crate::installation::Installation;
use crate::why_not::campaign_now;
use actors::Answer;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignStatus};
use domain::compliance::{demands_seller, unknown_year};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Cause;

/// Starts a campaign. Fails if its texts cannot be spoken here, if a required refusal key is missing, or if
/// the holidays of the year were not imported; also if its status does not permit a start.
pub async fn start_campaign(
    installation: &Installation,
    campaign: &CampaignId,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    installation.refuse_unspeakable(campaign).await?;
    refuse_no_way_out(installation, campaign).await?;
    refuse_unknown_year(installation, campaign).await?;
    let answer = installation
        .entities
        .campaigns
        .ask(campaign, CampaignCommand::Start, cause)
        .await?;
    installation.number_checks.wake(campaign);
    Ok(answer)
}

/// Fails if a preset requires a message from the seller when no agent is free, and the flow has no key with
/// which the callee refuses further calls. That message must name the key (47 CFR 64.1200(a)(7)(i)(B)).
async fn refuse_no_way_out(installation: &Installation, campaign: &CampaignId) -> Result<(), Problem> {
    let state = installation.campaign(campaign).await?;
    // A campaign that was started before gets the usual answer, whatever rules came into force since.
    let waits = matches!(
        state.status(),
        Some(CampaignStatus::Draft | CampaignStatus::Ready)
    );
    let plan = state.plan().filter(|_| waits);
    let Some(preset) = plan.and_then(|plan| demands_seller(plan, installation.now())) else {
        return Ok(());
    };
    let flow = installation.flow_of(&state).await?;
    match flow.refusing_key() {
        Some(_) => Ok(()),
        None => Err(Problem::refused(
            "no-refusing-key",
            format!(
                "{} requires an opt-out key for callees who find no free agent, and flow {} has none: add a \
                 menu with one",
                preset.code(),
                flow.flow
            ),
        )),
    }
}

/// Fails if the campaign observes holidays of a year that was not imported: it would dial no customer. A
/// campaign that waits for its start time is not checked here but when it starts.
async fn refuse_unknown_year(installation: &Installation, campaign: &CampaignId) -> Result<(), Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    if state.status() != Some(CampaignStatus::Ready) {
        return Ok(());
    }
    let facts = campaign_now(installation, campaign).await?;
    let now = installation.now();
    let running = facts.plan.running.as_deref();
    if running.is_some_and(|running| running.starts_at.is_some_and(|starts_at| starts_at > now)) {
        return Ok(());
    }
    match unknown_year(&facts.plan, &facts.calendars, now) {
        None => Ok(()),
        Some(year) => Err(Problem::refused(
            "holidays-unknown",
            format!(
                "the holidays of {year} are not imported: import the file before campaign {campaign} starts"
            ),
        )),
    }
}
