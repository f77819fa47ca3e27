//! The customer aggregate: one person over all campaigns, with identity, numbers, consent, enrolments with
//! attempts and due times, and recent calls. It grants the person's side of a permit.
//!
//! A campaign's facts come with each command: no campaign's stream is read here, so two campaigns cannot race
//! past a cap. Everything works when the person's values are erased. There is one enrolment per campaign for
//! ever; it is settled once. An erased person keeps ids, counts and lookup hashes, no values.

mod assignee;
mod assignment;
mod better_hours;
mod call_attributes;
mod call_now;
mod callback_closing;
mod callbacks;
mod close_call;
pub mod command;
mod consent;
mod consent_evolution;
mod correction;
mod cut_off;
mod deals;
mod decide;
mod decider_support;
mod dial_release;
mod enrolment;
mod enrolment_evolution;
mod erasure;
mod erasure_commands;
mod erasure_evolution;
pub mod event;
mod event_accessors;
mod grant_dial;
mod history_import;
mod id_merge;
mod known_number;
mod late_answer;
mod late_answer_fact;
mod merge_side;
mod number_confirmation;
mod own_rules;
mod own_rules_state;
mod preview_judgment;
mod profile;
mod profile_origin;
mod profile_update;
mod recycling;
mod refusal;
mod state;
mod why_not;
mod withdrawal;

#[cfg(test)]
mod tests;

pub use crate::attribute::TAG_BYTES_MAX;
pub use assignee::Assignee;
pub use assignment::ASSIGNMENT_REASON_BYTES_MAX;
pub use call_now::CALL_CANCELED;
pub use callbacks::{CALLBACK_AGENT, CALLBACK_MISSED};
pub use command::{
    AdditionalPhone, AttributesChange, CallClosing, CallbackOrder, CustomerCommand, DoneErasure, Enrolment,
    ForbiddingRule, GivenConsent, MergeOrder, TagChange, UnmergeOrder, ValueCorrection,
};
pub use correction::{CORRECTED_BYTES_MAX, CORRECTED_VALUES_MAX};
pub use cut_off::CUT_OFF_SETTLED;
pub use deals::{DEALS_MAX, DealCall, DealReport, Deals, KnownDeal};
pub use enrolment::{ClosedCount, EnrolmentResult, EnrolmentState, LastCall, LateAnswer, RefusedDial};
pub use erasure::{DeletedRecording, Erasure};
pub use erasure_commands::{KEY_BACKUP_DAYS_MAX, RECORDINGS_NAMED_MAX};
pub use event::CustomerEvent;
pub use history_import::PastCallImport;
pub use id_merge::{MERGE_REASON_BYTES_MAX, MERGED_MAX};
pub use known_number::{CountrySource, KnownNumber};
pub use late_answer_fact::LateAnswerFact;
pub use merge_side::MergeSide;
pub use number_confirmation::CONFIRMATION_REASON_BYTES_MAX;
pub use profile::{COUNTS, Profile, ProfileChange, profile_changes};
pub use profile_origin::ProfileOrigin;
pub use profile_update::{ATTRIBUTES_MAX, TAGS_MAX};
pub use refusal::CustomerRefusal;
pub use state::CustomerState;
pub use why_not::{
    CampaignBlock, CampaignBlockEnd, DialExplanation, SidedVerdict, WhyNotInput, dialed_number, why_not,
};
pub use withdrawal::{ENROLMENT_WITHDRAWN, WITHDRAWAL_REASON_BYTES_MAX};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::CustomerId;

/// The decider of the customer aggregate.
#[derive(Debug)]
pub struct Customer;

impl Decider for Customer {
    type Id = CustomerId;
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type State = CustomerState;
    type Refusal = CustomerRefusal;

    const AGGREGATE: &'static str = "customer";

    fn command_kind(command: &CustomerCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &CustomerState,
        command: CustomerCommand,
        context: Context,
    ) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
        decide::decide(state, command, context)
    }

    fn evolve(state: &mut CustomerState, event: &CustomerEvent, at: Timestamp) {
        state.evolve(event, at);
    }

    fn is_underway(state: &CustomerState) -> bool {
        state.history().has_open()
    }

    fn scope(id: &CustomerId, _state: &CustomerState, event: &CustomerEvent) -> Scope {
        Scope {
            campaign: event.campaign().cloned(),
            customer: Some(id.clone()),
        }
    }
}
