//! The summary aggregate: what a call or a conversation in text came to, written once when it has ended; one
//! stream each.
//!
//! Promises: a summary follows from the events of its call, or conversation, alone (`written` is pure), so it
//! can be written again at any time and held against what is stored; it is recorded once; what is
//! personal in it is masked before it is sealed. It is no truth of its own: nothing is decided by it. What a
//! model words of it comes after it, once, beside it, and in words alone.

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
pub use rules::{INTENT_BY_OUTCOME, MadeAt, SUMMARY_VERSION, written, written_of_text};
pub use state::{SummaryState, WordingKnown};
pub use text_fact::TextSummaryFact;

use crate::decider::{Context, Decider, Scope};
use crate::personal::Personal;
use crate::time::Timestamp;
use crate::transcript::TranscriptOf;
use values::ids::{CallId, ConversationId, SummaryId};

/// The summary's decider; its id is its call's or its conversation's.
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

    /// Whoever records it again has it already; a model is asked once, and answers once.
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

    /// Its call's words, or its conversation's.
    fn transcript(id: &SummaryId, event: &SummaryEvent) -> Option<TranscriptOf> {
        Some(match event {
            SummaryEvent::TextRecorded(_) => TranscriptOf::Conversation(ConversationId::new(id.uuid())),
            SummaryEvent::Recorded(_)
            | SummaryEvent::WordingAsked(_)
            | SummaryEvent::Worded(_)
            | SummaryEvent::WordingFailed(_) => TranscriptOf::Call(CallId::new(id.uuid())),
        })
    }

    /// The campaign and the person of the call or the conversation.
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
        Some(WordingKnown::Asked) => Ok(vec![event]),
        Some(WordingKnown::Worded(..) | WordingKnown::Failed(..)) => Ok(Vec::new()),
    }
}
