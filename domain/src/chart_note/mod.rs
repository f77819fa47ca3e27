//! The chart note aggregate: the notes of users on one chart, each at a time.
//!
//! Guarantees: a note never changes. The same note by the same user is stored once. A chart has a limited
//! number of notes. One stream per chart. The caller decides who may see a note.

pub mod event;
mod id;

#[cfg(test)]
mod tests;

pub use event::{ChartNoteContent, ChartNoteEvent};
pub use id::ChartId;

use crate::decider::{Context, Decider, Scope};
use crate::problem::DomainRefusal;
use crate::time::Timestamp;

/// Longest text of a note, in bytes: a few lines beside a chart.
pub const TEXT_BYTES_MAX: usize = 512;

/// Most notes of one chart: one a day for almost three years.
pub const NOTES_MAX: usize = 1_000;

/// The command of a chart's notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartNoteCommand {
    /// Adds a note. If the same user added it already, no event is stored.
    Add { note: ChartNoteContent, by: String },
}

/// Refusals of a chart note command. No event is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChartNoteRefusal {
    #[error("a text of 1 to {TEXT_BYTES_MAX} bytes is required")]
    Text,
    #[error("a note needs an author")]
    NoAuthor,
    #[error("about_at is in the future: a note refers to a past time")]
    ToCome,
    #[error("this chart has {NOTES_MAX} notes, the most it may have")]
    Full,
}

impl DomainRefusal for ChartNoteRefusal {}

/// The state of a chart's notes, folded from their events: the notes in order of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChartNoteState {
    notes: Vec<ChartNoteEntry>,
}

/// One note, its author and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartNoteEntry {
    pub note: ChartNoteContent,
    pub by: String,
    pub at: Timestamp,
}

impl ChartNoteState {
    pub fn notes(&self) -> &[ChartNoteEntry] {
        &self.notes
    }
}

/// The decider of the chart note aggregate.
#[derive(Debug)]
pub struct ChartNote;

impl Decider for ChartNote {
    type Id = ChartId;
    type Command = ChartNoteCommand;
    type Event = ChartNoteEvent;
    type State = ChartNoteState;
    type Refusal = ChartNoteRefusal;

    const AGGREGATE: &'static str = "chart_note";

    fn command_kind(command: &ChartNoteCommand) -> &'static str {
        match command {
            ChartNoteCommand::Add { .. } => "chart_note.add",
        }
    }

    fn decide(
        state: &ChartNoteState,
        command: ChartNoteCommand,
        context: Context,
    ) -> Result<Vec<ChartNoteEvent>, ChartNoteRefusal> {
        let ChartNoteCommand::Add { note, by } = command;
        if by.trim().is_empty() {
            return Err(ChartNoteRefusal::NoAuthor);
        }
        if note.text.trim().is_empty() || note.text.len() > TEXT_BYTES_MAX {
            return Err(ChartNoteRefusal::Text);
        }
        if note.about_at > context.now {
            return Err(ChartNoteRefusal::ToCome);
        }
        if state.notes.iter().any(|kept| kept.note == note && kept.by == by) {
            return Ok(Vec::new());
        }
        if state.notes.len() >= NOTES_MAX {
            return Err(ChartNoteRefusal::Full);
        }
        Ok(vec![ChartNoteEvent::Added { note, by }])
    }

    fn evolve(state: &mut ChartNoteState, event: &ChartNoteEvent, at: Timestamp) {
        let ChartNoteEvent::Added { note, by } = event;
        state.notes.push(ChartNoteEntry {
            note: note.clone(),
            by: by.clone(),
            at,
        });
    }

    fn is_underway(_: &ChartNoteState) -> bool {
        false
    }

    fn scope(_: &ChartId, _: &ChartNoteState, event: &ChartNoteEvent) -> Scope {
        let ChartNoteEvent::Added { note, .. } = event;
        Scope {
            campaign: note.campaign.clone(),
            customer: None,
        }
    }
}
