//! What a summary's events add up to: whether it is written, when and as what.

use super::event::SummaryEvent;
use super::fact::SummaryFact;
use crate::time::Timestamp;

/// State of one summary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SummaryState {
    recorded: Option<(Box<SummaryFact>, Timestamp)>,
}

impl SummaryState {
    /// What was written, and when.
    pub fn recorded(&self) -> Option<(&SummaryFact, Timestamp)> {
        self.recorded.as_ref().map(|(fact, at)| (fact.as_ref(), *at))
    }

    pub(super) fn apply(&mut self, event: &SummaryEvent, at: Timestamp) {
        let SummaryEvent::Recorded(fact) = event;
        self.recorded = Some((fact.clone(), at));
    }
}
