//! The call aggregate: one attempt to reach one customer, from the permit to the disposition.
//!
//! Guarantees: each leg is dialed at most once, and only while the grants of customer and number are valid. A
//! call that began to dial can be ended at any time. There is exactly one `call.ended`; after it only
//! `call.late_answered`, `call.corrected`, `call.recording_disposed` and `call.transcript_disposed` follow.
//! The table from raw network values to dispositions is `progress`; the four-state view of CAL-1 is
//! `four_state`.

pub mod command;
pub mod course;
mod end_order;
pub mod event;
pub mod progress;
pub mod q850;

mod account;
mod attendance;
mod carrier_words;
mod correction;
mod decide;
mod dialing;
pub(crate) mod end_cause;
#[cfg(test)]
mod end_tests;
mod event_accessors;
mod finding;
mod four_state;
pub(crate) mod key_path;
pub(crate) mod leg_identity;
mod leg_state;
mod outcome;
mod permitted_call;
mod recording;
mod refusal;
#[cfg(test)]
mod small_world_tests;
mod state;
pub mod test_call;
#[cfg(test)]
mod test_support;
#[cfg(test)]
mod tests;
mod transcript_disposal;
mod turn_fact;
#[cfg(test)]
mod turn_tests;
mod upcast;

pub use account::{AccountChange, CallAccount, CallStep, CallSums};
pub use attendance::{ATTENDED_WITHIN_MS, robot_attends};
pub use carrier_words::dialog_with_callee;
pub use correction::{CORRECTION_REASON_CHARS_MAX, Correction};
pub use decide::NODES_MAX;
pub use end_cause::EndCause;
pub use end_order::END_REASON_BYTES_MAX;
pub use finding::Finding;
pub use four_state::{FourSignal, FourState};
pub use key_path::KeyPath;
pub use leg_identity::{LegIdentity, LegKey};
pub use leg_state::LegState;
pub use permitted_call::PermittedCall;
pub use recording::RecordingStatus;
pub use refusal::CallRefusal;
pub use state::{CallPhase, CallState, EndedCall};
pub use test_call::{TestCall, TestCallEvent};
pub use transcript_disposal::Disposal;
pub use turn_fact::{
    BargedInFact, EngineFailedFact, EngineKind, HEARD_CHARS_MAX, HeardFact, SaidFact, SellerMessageFact,
    SensitiveWordFact, SilenceFact, TURN_FACTS_MAX, TurnFact, UnderstandingFact,
};

use crate::compliance::{OWN_TEST_NUMBER, PermitRefusal};
use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use command::CallCommand;
use event::CallEvent;
use values::ids::CallId;

/// The decider of the call aggregate: applies commands to the state of one call and returns events.
pub struct Call;

impl Decider for Call {
    type Id = CallId;
    type Command = CallCommand;
    type Event = CallEvent;
    type State = CallState;
    type Refusal = CallRefusal;

    const AGGREGATE: &'static str = "call";
    const SEQUENTIAL: bool = true;

    fn command_kind(command: &CallCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &CallState,
        command: CallCommand,
        context: Context,
    ) -> Result<Vec<CallEvent>, CallRefusal> {
        // The grants of a test call are for one of our own phones, not for a customer. They permit no call.
        if let CallCommand::Permit { customer_grant, .. } = &command
            && customer_grant.is_of_test()
        {
            return Err(CallRefusal::Permit(PermitRefusal::NotAllowed(
                OWN_TEST_NUMBER.to_owned(),
            )));
        }
        decide::decide(state, command, context)
    }

    fn evolve(state: &mut CallState, event: &CallEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(state: &CallState) -> bool {
        state.ended().is_none()
    }

    /// Returns the transcript that holds the event's words under its own key: what the callee said and how it
    /// was understood. `None` for other events; the number dialed and the keypresses are sealed under the
    /// person's key.
    fn transcript(id: &CallId, event: &CallEvent) -> Option<TranscriptParent> {
        event.is_of_transcript().then_some(TranscriptParent::Call(*id))
    }

    fn scope(_: &CallId, state: &CallState, _: &CallEvent) -> Scope {
        Scope {
            campaign: state.campaign().cloned(),
            customer: state.customer().cloned(),
        }
    }
}
