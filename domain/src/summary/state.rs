//! The state of a summary, folded from its events: the stored summary with its time, and the course of a
//! model's wording.

use super::event::SummaryEvent;
use super::fact::SummaryFact;
use super::text_fact::TextSummaryFact;
use super::wording::{WordedFact, WordingFailedFact};
use crate::time::Timestamp;

/// How far the request to a model for a wording of the summary has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordingState {
    Asked,
    Worded(Box<WordedFact>, Timestamp),
    Failed(Box<WordingFailedFact>, Timestamp),
}

/// State of one summary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SummaryState {
    recorded: Option<(Box<SummaryFact>, Timestamp)>,
    text: Option<(Box<TextSummaryFact>, Timestamp)>,
    wording: Option<WordingState>,
}

impl SummaryState {
    /// Returns the summary of a call and when it was stored; `None` if there is none.
    pub fn recorded(&self) -> Option<(&SummaryFact, Timestamp)> {
        self.recorded.as_ref().map(|(fact, at)| (fact.as_ref(), *at))
    }
    /// Returns the summary of a text conversation and when it was stored; `None` if there is none.
    pub fn text(&self) -> Option<(&TextSummaryFact, Timestamp)> {
        self.text.as_ref().map(|(fact, at)| (fact.as_ref(), *at))
    }
    /// Returns how far the model's wording has come; `None` if no model was asked.
    pub const fn wording(&self) -> Option<&WordingState> {
        self.wording.as_ref()
    }

    pub(super) fn apply(&mut self, event: &SummaryEvent, at: Timestamp) {
        match event {
            SummaryEvent::Recorded(fact) => self.recorded = Some((fact.clone(), at)),
            SummaryEvent::TextRecorded(fact) => self.text = Some((fact.clone(), at)),
            SummaryEvent::WordingAsked(_) => self.wording = Some(WordingState::Asked),
            SummaryEvent::Worded(fact) => self.wording = Some(WordingState::Worded(fact.clone(), at)),
            SummaryEvent::WordingFailed(fact) => self.wording = Some(WordingState::Failed(fact.clone(), at)),
        }
    }
}
