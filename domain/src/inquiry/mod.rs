//! The inquiry aggregate: an SQL query, an export, an audit search, a comparison or a read of personal data,
//! and its end.
//!
//! Guarantees: a request is recorded before it is answered. Each inquiry is recorded once and ends once. Its
//! text has no phone number, and a read of personal data is recorded without the data. One stream per
//! inquiry. The aggregate does not decide the answer.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

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

/// The decider of the inquiry aggregate.
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

    /// Returns the campaign and customer that an export, read, search or comparison is limited to, so that
    /// accesses to a customer's data are found among the customer's events. An SQL query has no scope.
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
