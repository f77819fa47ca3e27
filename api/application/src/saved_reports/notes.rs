//! Notes on charts: listing those within a scope, and adding one.

use super::management::{refuse_guests, wrong};
use crate::access::Caller;
use crate::figures::find;
use crate::installation::Installation;
use domain::chart_note::{ChartId, ChartNote, ChartNoteCommand, ChartNoteContent};
use domain::ids::CampaignId;
use domain::permission::DataScope;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One note on a chart, with its author and time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChartNote")]
pub struct ChartNoteResponse {
    #[serde(flatten)]
    pub note: ChartNoteContent,
    /// The user who wrote the note.
    #[schemars(example = &"wang")]
    pub by: String,
    /// When the note was written.
    pub at: Timestamp,
}

/// The notes of a chart, ordered by the time they are about.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChartNotes")]
pub struct NoteList {
    pub chart: ChartId,
    pub items: Vec<ChartNoteResponse>,
}

/// A note that was added.
pub type NoteAdded = actors::Answer<ChartNote>;

/// Returns the notes on a metric's chart. For a campaign's chart this includes notes about all campaigns,
/// unless the caller's scope is limited to campaigns.
pub async fn notes(
    installation: &Installation,
    chart: ChartId,
    campaign: Option<&CampaignId>,
    scope: &DataScope,
) -> Result<NoteList, Problem> {
    known(&chart)?;
    let loaded = installation.entities.chart_notes.state(&chart).await?;
    let is_seen = |note: &ChartNoteContent| match &note.campaign {
        None => scope.is_all(),
        Some(about) => scope.admits_campaign(about) && campaign == Some(about),
    };
    let kept = loaded.state.notes().iter().filter(|kept| is_seen(&kept.note));
    let mut items: Vec<ChartNoteResponse> = kept
        .map(|kept| ChartNoteResponse {
            note: kept.note.clone(),
            by: kept.by.clone(),
            at: kept.at,
        })
        .collect();
    items.sort_by_key(|item| (item.note.about_at, item.at));
    Ok(NoteList { chart, items })
}

/// Adds a note by the caller to a metric's chart. Fails if the metric is unknown or the note's campaign is
/// outside the scope.
pub async fn add_note(
    installation: &Installation,
    chart: &ChartId,
    note: ChartNoteContent,
    by: (&Caller, &DataScope),
    cause: Cause,
) -> Result<NoteAdded, Problem> {
    let (caller, scope) = by;
    refuse_guests(caller)?;
    known(chart)?;
    let is_within = match &note.campaign {
        Some(campaign) => scope.admits_campaign(campaign),
        None => scope.is_all(),
    };
    if !is_within {
        return Err(wrong("/campaign", "is no campaign here".to_owned()));
    }
    let by = caller
        .user()
        .map_or("directory".to_owned(), |known| known.user.to_string());
    let command = ChartNoteCommand::Add { note, by };
    Ok(installation
        .entities
        .chart_notes
        .ask(chart, command, cause)
        .await?)
}

/// Fails if the chart is not that of a known metric.
fn known(chart: &ChartId) -> Result<(), Problem> {
    find(chart.as_str(), None).map(|_metric| ())
}
