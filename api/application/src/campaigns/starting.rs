//! Starting a campaign: what would leave everybody it calls without a word, or call nobody, is refused
//! before.

use crate::installation::Installation;
use crate::why_not::campaign_now;
use actors::Answer;
use domain::campaign::command::CampaignCommand;
use domain::campaign::{Campaign, CampaignStatus};
use domain::compliance::{demands_seller, unknown_year};
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::stored_event::Cause;

/// Starts a campaign whose words can be spoken here.
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

/// Where a preset demands that the seller is told to who finds no agent free, that message also says how to
/// refuse further calls (47 CFR 64.1200(a)(7)(i)(B)): a flow without such a key has nothing to say there.
async fn refuse_no_way_out(installation: &Installation, campaign: &CampaignId) -> Result<(), Problem> {
    let state = installation.campaign(campaign).await?;
    // One that was started is answered as ever, whatever has come into force since.
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

/// A campaign that would begin now and observes holidays whose year nobody knows would dial nobody: it says
/// so before. One that waits for its time may have its file by then, and is judged then.
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
