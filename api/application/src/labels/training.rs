//! Training lines for models: settled turns with their words, masked. The reads of each page are logged
//! first.

use super::{read_of, turns};
use crate::inquiries::{Reader, put_each_on_record};
use crate::installation::Installation;
use domain::disposition::InterestLevel;
use domain::ids::CampaignId;
use domain::label::{Meaning, Sentiment, TurnId};
use domain::problem::Problem;
use projections::views::label_board::{self, LabelRow};
use schemars::JsonSchema;
use serde::Serialize;

/// Most lines per page. Each is a logged read.
pub const TRAINING_PAGE_MAX: usize = 200;

/// Label of a turn without any of the intents; the default of `nlu train`.
const FOREIGN: &str = "oos";

/// Training lines for `ledgerline nlu train`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingLines {
    pub items: Vec<TrainingLine>,
    /// Turns of this page with words that can no longer be read.
    pub gone: usize,
}

/// One line for training a model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingLine {
    /// The callee's words, masked.
    #[schemars(example = &"利息怎么算的呀")]
    pub text: String,
    #[schemars(example = &"ask_fee")]
    pub intent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// The callee's interest: 高, 中 or 低.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"中")]
    pub interest: Option<&'static str>,
}

/// Returns a page of at most `limit` training lines after the turn `behind`, and the turn from which to
/// continue; `None` after the last page. The reads are logged first.
pub async fn training_lines(
    installation: &Installation,
    reader: &Reader,
    campaign: Option<&CampaignId>,
    behind: Option<&TurnId>,
    limit: usize,
) -> Result<(TrainingLines, Option<TurnId>), Problem> {
    let limit = limit.min(TRAINING_PAGE_MAX);
    let rows = label_board::list_settled(installation.rows.db().as_ref(), campaign, behind, limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit).map(|row| row.turn);
    let mut found = Vec::with_capacity(rows.len());
    let mut gone = 0;
    for row in rows {
        // A misheard turn teaches nothing.
        if row.meaning == Some(Meaning::Misheard) {
            continue;
        }
        match turns::find_turn(installation, row.turn).await? {
            Some(sealed) if sealed.can_be_opened(installation).await? => found.push((row, sealed)),
            _ => gone += 1,
        }
    }
    let reads = found.iter().map(|(row, _)| read_of(row)).collect();
    put_each_on_record(installation, reader, reads).await?;
    let mut items = Vec::with_capacity(found.len());
    for (row, sealed) in found {
        match sealed.opened(installation).await? {
            Some(heard) => items.push(line(&row, heard.text)),
            None => gone += 1,
        }
    }
    Ok((TrainingLines { items, gone }, last))
}

fn line(row: &LabelRow, text: String) -> TrainingLine {
    TrainingLine {
        text,
        intent: row.settled_intent.clone().unwrap_or_else(|| FOREIGN.to_owned()),
        sentiment: row.sentiment,
        interest: row.interest.map(InterestLevel::label_zh),
    }
}
