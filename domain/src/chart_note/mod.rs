//! The chart note aggregate: what people noted on one chart, each at its moment.
//!
//! Promises: a note is never changed; the same said again by the same person says nothing new; a chart holds
//! a bounded number. One stream a chart. It does not judge who may see a note: whoever shows them does.

pub mod event;
mod id;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use event::{ChartNoteEvent, Noted};
pub use id::ChartId;

use crate::decider::{Context, Decider, Scope};
use crate::problem::Explained;
use crate::time::Timestamp;

/// Longest text of a note, in bytes: a few lines beside a chart.
pub const TEXT_BYTES_MAX: usize = 512;

/// Notes of one chart: one a day over three years.
pub const NOTES_MAX: usize = 1_000;

/// Requests to the notes of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChartNoteCommand {
    /// Noted so already by the same person: no event.
    Add { note: Noted, by: String },
}

/// Why a note can be refused: a rule said no, nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChartNoteRefusal {
    #[error("a text of 1 to {TEXT_BYTES_MAX} bytes is required")]
    Text,
    #[error("a note is signed")]
    Nobody,
    #[error("a note stands at a moment that was, not at one to come")]
    ToCome,
    #[error("this chart has {NOTES_MAX} notes; it holds no more")]
    Full,
}

impl Explained for ChartNoteRefusal {}

/// What the events of a chart's notes add up to: the notes, as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChartNoteState {
    notes: Vec<NoteKept>,
}

/// One note, who wrote it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKept {
    pub note: Noted,
    pub by: String,
    pub at: Timestamp,
}

impl ChartNoteState {
    pub fn notes(&self) -> &[NoteKept] {
        &self.notes
    }
}

/// The notes' decider.
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
            return Err(ChartNoteRefusal::Nobody);
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
        state.notes.push(NoteKept {
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
