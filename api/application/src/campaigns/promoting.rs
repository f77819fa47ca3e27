//! Letting a campaign go on to its next stage: the figures that stand beside it are counted from its events
//! up to the log's head, so that whoever doubts them counts again; what only people know is said.

use super::board_then;
use crate::as_of::Moment;
use crate::cases::complaints::{Wanted, complaints};
use crate::installation::Installation;
use crate::tables::binding_budget;
use actors::Answer;
use domain::campaign::Campaign;
use domain::campaign::command::CampaignCommand;
use domain::four_eyes::FourEyes;
use domain::go_live::Stage;
use domain::ids::CampaignId;
use domain::problem::Problem;
use domain::promotion::{Evidence, SaidEvidence};
use domain::stored_event::Cause;

/// Longest wait for rows that hold the log up to the position of the evidence: a view is behind by
/// milliseconds.
const ROWS_WAIT_MS: u64 = 5_000;

/// A promotion as it is asked for.
#[derive(Debug, Clone)]
pub struct Promoting {
    pub to: Stage,
    pub reason: String,
    pub said: SaidEvidence,
}

/// Counts, and asks the campaign.
pub async fn promote(
    installation: &Installation,
    campaign: &CampaignId,
    promoting: Promoting,
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

/// Calls and answers as of the log's head; abandoned by the ledger of the preset; complaints about it.
async fn evidence(
    installation: &Installation,
    campaign: &CampaignId,
    said: SaidEvidence,
) -> Result<Evidence, Problem> {
    let position = installation.store().head().await?;
    let head = position.to_string();
    let moment = Moment::parse(Some(&head), None)?;
    let then = moment.resolve(installation.store(), installation.now()).await?;
    let (_, row) = board_then(installation, campaign, &then).await?;
    let row = row.ok_or_else(|| Problem::missing("this campaign"))?;
    // The ledger is asked of rows, which have to be as far as the rest of the evidence.
    installation.rows_at(position, ROWS_WAIT_MS).await?;
    let used = binding_budget(installation, campaign, installation.now()).await?;
    let (about, _) = complaints(installation, &Wanted::default()).await?;
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
