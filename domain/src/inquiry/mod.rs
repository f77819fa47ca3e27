//! The inquiry aggregate: what somebody asked of the rows, in SQL or as an export, or read of persons, and
//! what came of it.
//!
//! Promises: the question is on record before it is answered; each inquiry is asked once and ends once; its
//! text holds no phone number, and a read of personal data is told without any of it. One stream per inquiry.
//! It decides nothing about the answer: the rows do.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::InquiryCommand;
pub use decide::{
    CALLS_NAMED_MAX, DETAIL_BYTES_MAX, REASON_BYTES_MAX, SQL_BYTES_MAX, USER_BYTES_MAX, mask_numbers,
};
pub use event::{
    ComparedValue, ComparisonFacts, ExportFacts, InquiryEvent, ReadFacts, ReadForm, ReadPart, SearchFacts,
};
pub use refusal::InquiryRefusal;
pub use state::InquiryState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::InquiryId;

/// The inquiry's decider.
#[derive(Debug)]
pub struct Inquiry;

impl Decider for Inquiry {
    type Id = InquiryId;
    type Command = InquiryCommand;
    type Event = InquiryEvent;
    type State = InquiryState;
    type Refusal = InquiryRefusal;

    const AGGREGATE: &'static str = "inquiry";
    const SEQUENTIAL: bool = true;

    fn command_kind(command: &InquiryCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &InquiryState,
        command: InquiryCommand,
        _: Context,
    ) -> Result<Vec<InquiryEvent>, InquiryRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut InquiryState, event: &InquiryEvent, _: Timestamp) {
        state.apply(event);
    }

    /// An export of one campaign or person is about that one, and a read about whom it shows: what was done
    /// with a person's data is found beside the person's other events. SQL may be about anything.
    fn scope(_: &InquiryId, _: &InquiryState, event: &InquiryEvent) -> Scope {
        match event {
            InquiryEvent::Exported { facts, .. } => Scope {
                campaign: facts.campaign.clone(),
                customer: facts.customer.clone(),
            },
            InquiryEvent::PersonalDataRead { facts, .. } => Scope {
                campaign: facts.campaign.clone(),
                customer: facts.customer.clone(),
            },
            InquiryEvent::Searched { facts, .. } => Scope {
                campaign: facts.campaign.clone(),
                customer: facts.customer.clone(),
            },
            InquiryEvent::Compared { facts, .. } => Scope {
                campaign: facts.campaign.clone(),
                customer: None,
            },
            InquiryEvent::Queried { .. } | InquiryEvent::Answered { .. } | InquiryEvent::Refused { .. } => {
                Scope::default()
            }
        }
    }
}
