//! The summary aggregate: the result of a call or text conversation, written once after its end. Each has one
//! stream.
//!
//! Guarantees: a summary follows from the events of its call or conversation alone (`write_summary` is pure),
//! so it can be computed again and compared with the stored one. It is stored once. Personal data is masked
//! before it is sealed. No decision uses a summary. A model's additional wording is stored once, after the
//! summary and separate from it.

pub mod command;
pub mod event;
mod fact;
mod refusal;
mod rules;
mod state;
mod text;
mod text_fact;
pub mod wording;

#[cfg(test)]
mod tests;

pub use command::SummaryCommand;
pub use event::SummaryEvent;
pub use fact::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SUMMARY_TEXT_CHARS_MAX,
    SummaryFact,
};
pub use refusal::SummaryRefusal;
pub use rules::{INTENT_BY_OUTCOME, SUMMARY_VERSION, SummaryPosition, write_summary, write_text_summary};
pub use state::{SummaryState, WordingState};
pub use text_fact::TextSummaryFact;

use crate::decider::{Context, Decider, Scope};
use crate::personal::Personal;
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use values::ids::{CallId, ConversationId, SummaryId};

/// The decider of the summary aggregate. A summary's id is the id of its call or conversation.
#[derive(Debug)]
pub struct Summary;

impl Decider for Summary {
    type Id = SummaryId;
    type Command = SummaryCommand;
    type Event = SummaryEvent;
    type State = SummaryState;
    type Refusal = SummaryRefusal;

    const AGGREGATE: &'static str = "summary";

    fn command_kind(command: &SummaryCommand) -> &'static str {
        command.kind()
    }

    /// A repeated record stores nothing. A model is asked once and answers once.
    fn decide(
        state: &SummaryState,
        command: SummaryCommand,
        _: Context,
    ) -> Result<Vec<SummaryEvent>, SummaryRefusal> {
        match command {
            SummaryCommand::Record(_) if state.recorded().is_some() => Ok(Vec::new()),
            SummaryCommand::Record(fact) => {
                refuse_too_long(&fact.text)?;
                Ok(vec![SummaryEvent::Recorded(fact)])
            }
            SummaryCommand::RecordText(_) if state.text().is_some() => Ok(Vec::new()),
            SummaryCommand::RecordText(fact) => {
                refuse_too_long(&fact.text)?;
                Ok(vec![SummaryEvent::TextRecorded(fact)])
            }
            SummaryCommand::AskWording(fact) => match (state.recorded(), state.wording()) {
                (None, _) => Err(SummaryRefusal::NotRecorded),
                (Some(_), Some(_)) => Err(SummaryRefusal::WordingAsked),
                (Some(_), None) => Ok(vec![SummaryEvent::WordingAsked(fact)]),
            },
            SummaryCommand::KeepWording(fact) => {
                refuse_too_long(&fact.text)?;
                refuse_too_long(&fact.follow_up)?;
                answered(state, SummaryEvent::Worded(fact))
            }
            SummaryCommand::FailWording(fact) => answered(state, SummaryEvent::WordingFailed(fact)),
        }
    }

    fn evolve(state: &mut SummaryState, event: &SummaryEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &SummaryState) -> bool {
        false
    }

    /// Returns the call or conversation with the transcript key that seals the event's words.
    fn transcript(id: &SummaryId, event: &SummaryEvent) -> Option<TranscriptParent> {
        Some(match event {
            SummaryEvent::TextRecorded(_) => TranscriptParent::Conversation(ConversationId::new(id.uuid())),
            SummaryEvent::Recorded(_)
            | SummaryEvent::WordingAsked(_)
            | SummaryEvent::Worded(_)
            | SummaryEvent::WordingFailed(_) => TranscriptParent::Call(CallId::new(id.uuid())),
        })
    }

    /// Returns the campaign and customer of the call or conversation.
    fn scope(_: &SummaryId, state: &SummaryState, event: &SummaryEvent) -> Scope {
        let (campaign, customer) = match event {
            SummaryEvent::Recorded(fact) => (Some(&fact.campaign), Some(&fact.customer)),
            SummaryEvent::TextRecorded(fact) => (Some(&fact.campaign), Some(&fact.customer)),
            SummaryEvent::WordingAsked(_) | SummaryEvent::Worded(_) | SummaryEvent::WordingFailed(_) => {
                let fact = state.recorded().map(|(fact, _)| fact);
                (fact.map(|fact| &fact.campaign), fact.map(|fact| &fact.customer))
            }
        };
        Scope {
            campaign: campaign.cloned(),
            customer: customer.cloned(),
        }
    }
}

fn refuse_too_long(text: &Personal<String>) -> Result<(), SummaryRefusal> {
    let chars = text.value().map_or(0, |text| text.chars().count());
    if chars > SUMMARY_TEXT_CHARS_MAX {
        return Err(SummaryRefusal::TextTooLong { chars });
    }
    Ok(())
}

fn answered(state: &SummaryState, event: SummaryEvent) -> Result<Vec<SummaryEvent>, SummaryRefusal> {
    match state.wording() {
        None => Err(SummaryRefusal::WordingNotAsked),
        Some(WordingState::Asked) => Ok(vec![event]),
        Some(WordingState::Worded(..) | WordingState::Failed(..)) => Ok(Vec::new()),
    }
}
