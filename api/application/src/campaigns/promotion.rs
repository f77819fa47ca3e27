//! Promotion of a campaign to its next stage. The evidence is counted from the campaign's events up to the
//! head of the log, so that it can be recomputed; the user adds what only people know.

use super::board_then;
use crate::as_of::Moment;
use crate::cases::complaints::{ComplaintFilter, complaints};
use crate::installation::Installation;
use crate::tables::binding_budget;
use actors::Answer;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::four_eyes::FourEyes;
use domain::go_live::Stage;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::promotion::{Evidence, EvidenceStatements};
use domain::stored_event::Cause;

/// Longest wait until the read model contains the position of the evidence, in milliseconds.
const ROWS_WAIT_MS: u64 = 5_000;

/// A request to promote a campaign.
#[derive(Debug, Clone)]
pub struct PromotionRequest {
    pub to: Stage,
    pub reason: String,
    pub said: EvidenceStatements,
}

/// Counts the evidence for the promotion up to the head of the log and promotes the campaign to the stage
/// `to`. Fails if the campaign decides that the evidence or the approval is not sufficient.
pub async fn promote(
    installation: &Installation,
    campaign: &CampaignId,
    promoting: PromotionRequest,
    four_eyes: Option<Box<FourEyes>>,
    cause: Cause,
) -> Result<Answer<Campaign>, Problem> {
    let evidence = evidence(installation, campaign, promoting.said).await?;
    let command = CampaignCommand::Promote {
        to: promoting.to,
        reason: promoting.reason,
        evidence: Box::new(evidence),
        four_eyes,
    };
    Ok(installation
        .entities
        .campaigns
        .ask(campaign, command, cause)
        .await?)
}

/// Counts the evidence at the head of the log: calls and answers, abandoned calls as the preset counts
/// them, and complaints about the campaign.
async fn evidence(
    installation: &Installation,
    campaign: &CampaignId,
    said: EvidenceStatements,
) -> Result<Evidence, Problem> {
    let position = installation.store().head().await?;
    let head = position.to_string();
    let moment = Moment::parse(Some(&head), None)?;
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let (_, row) = board_then(installation, campaign, &then).await?;
    let row = row.ok_or_else(|| Problem::missing("this campaign"))?;
    // The ledger is read from rows, which must be as recent as the rest of the evidence.
    installation.rows_at(position, ROWS_WAIT_MS).await?;
    let used = binding_budget(installation, campaign, installation.now()).await?;
    let (about, _) = complaints(installation, &ComplaintFilter::default()).await?;
    let about_it = about
        .iter()
        .filter(|(_, one)| one.about.campaign.as_ref() == Some(campaign));
    Ok(Evidence {
        position,
        calls: row.calls.dialed,
        answered: row.calls.answered,
        abandoned: u64::try_from(used.abandoned).unwrap_or(0),
        complaints: u64::try_from(about_it.count()).unwrap_or(u64::MAX),
        said,
    })
}
