//! Notes on charts, whoever asks: those of a chart that a scope reaches, and another one.

use super::managing::{refuse_guests, wrong};
use crate::access::Caller;
use crate::figures::find;
use crate::installation::Installation;
use domain::chart_note::{ChartId, ChartNote, ChartNoteCommand, Noted};
use domain::ids::CampaignId;
use domain::permission::DataScope;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One note.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChartNote")]
pub struct NoteShown {
    #[serde(flatten)]
    pub note: Noted,
    /// Who wrote it.
    #[schemars(example = &"wang")]
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The notes of a chart, in the order of their moments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChartNotes")]
pub struct NoteList {
    pub chart: ChartId,
    pub items: Vec<NoteShown>,
}

/// A note that was added.
pub type NoteAdded = actors::Answer<ChartNote>;

/// The notes of a chart: on that of a campaign, also those about all; whoever is held to campaigns sees notes
/// about those alone.
pub async fn notes(
    installation: &Installation,
    chart: ChartId,
    campaign: Option<&CampaignId>,
    scope: &DataScope,
) -> Result<NoteList, Problem> {
    known(&chart)?;
    let loaded = installation.entities.chart_notes.state(&chart).await?;
    let is_seen = |note: &Noted| match &note.campaign {
        None => scope.is_all(),
        Some(about) => scope.admits_campaign(about) && campaign == Some(about),
    };
    let kept = loaded.state.notes().iter().filter(|kept| is_seen(&kept.note));
    let mut items: Vec<NoteShown> = kept
        .map(|kept| NoteShown {
            note: kept.note.clone(),
            by: kept.by.clone(),
            at: kept.at,
        })
        .collect();
    items.sort_by_key(|item| (item.note.about_at, item.at));
    Ok(NoteList { chart, items })
}

/// Another note, by the caller.
pub async fn add_note(
    installation: &Installation,
    chart: &ChartId,
    note: Noted,
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

/// Charts are of metrics.
fn known(chart: &ChartId) -> Result<(), Problem> {
    find(chart.as_str(), None).map(|_metric| ())
}
