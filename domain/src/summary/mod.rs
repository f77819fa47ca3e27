//! The summary aggregate: what a call came to, written once when it has ended; one stream per call.
//!
//! Promises: a summary follows from the events of its call alone (`written` is pure), so it can be written
//! again at any time and held against what is stored; it is recorded once; what is personal in it is masked
//! before it is sealed. It is no truth of its own: nothing is decided by it.

pub mod command;
pub mod event;
mod fact;
mod refusal;
mod rules;
mod state;
mod text;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::SummaryCommand;
pub use event::SummaryEvent;
pub use fact::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SUMMARY_TEXT_CHARS_MAX,
    SummaryFact,
};
pub use refusal::SummaryRefusal;
pub use rules::{INTENT_BY_OUTCOME, MadeAt, SUMMARY_VERSION, written};
pub use state::SummaryState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::transcript::TranscriptOf;
use values::ids::CallId;

/// The summary's decider; its id is its call's.
#[derive(Debug)]
pub struct Summary;

impl Decider for Summary {
    type Id = CallId;
    type Command = SummaryCommand;
    type Event = SummaryEvent;
    type State = SummaryState;
    type Refusal = SummaryRefusal;

    const AGGREGATE: &'static str = "summary";

    fn command_kind(command: &SummaryCommand) -> &'static str {
        command.kind()
    }

    /// Whoever records it again has it already.
    fn decide(
        state: &SummaryState,
        command: SummaryCommand,
        _: Context,
    ) -> Result<Vec<SummaryEvent>, SummaryRefusal> {
        let SummaryCommand::Record(fact) = command;
        if state.recorded().is_some() {
            return Ok(Vec::new());
        }
        let chars = fact.text.value().map_or(0, |text| text.chars().count());
        if chars > SUMMARY_TEXT_CHARS_MAX {
            return Err(SummaryRefusal::TextTooLong { chars });
        }
        Ok(vec![SummaryEvent::Recorded(fact)])
    }

    fn evolve(state: &mut SummaryState, event: &SummaryEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &SummaryState) -> bool {
        false
    }

    /// Its call's words.
    fn transcript(id: &CallId, _: &SummaryEvent) -> Option<TranscriptOf> {
        Some(TranscriptOf::Call(*id))
    }

    /// The campaign and the person of the call.
    fn scope(_: &CallId, _: &SummaryState, event: &SummaryEvent) -> Scope {
        let SummaryEvent::Recorded(fact) = event;
        Scope {
            campaign: Some(fact.campaign.clone()),
            customer: Some(fact.customer.clone()),
        }
    }
}
