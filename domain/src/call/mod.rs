//! The call aggregate: one attempt to reach one customer, from the permit to its one disposition.
//!
//! Promises: a leg is dialed at most once, only under both grants and in time; every call that began to
//! dial can be ended at any moment; exactly one `call.ended`, after which only `call.late_answered`
//! and `call.corrected` follow. The table from raw values to dispositions is `progress`; CAL-1's view is
//! `four_state`.

pub mod command;
pub mod course;
mod end_order;
pub mod event;
pub mod progress;

#[cfg(test)]
mod assistant_golden;
mod attended;
mod carrier_words;
mod correction;
mod decide;
mod dialing;
pub(crate) mod end_cause;
#[cfg(test)]
mod end_tests;
mod finding;
mod four_state;
#[cfg(test)]
mod given;
#[cfg(test)]
mod golden;
pub(crate) mod key_path;
pub(crate) mod leg_identity;
mod leg_state;
#[cfg(test)]
mod offer_golden;
mod outcome;
mod permitted;
mod recording;
mod refusal;
mod said;
#[cfg(test)]
mod seller_golden;
mod shown;
#[cfg(test)]
mod small_world_tests;
mod state;
pub mod test_call;
#[cfg(test)]
mod tests;
mod turn_fact;
#[cfg(test)]
mod turn_golden;
mod upcast;

pub use attended::{ATTENDED_WITHIN_MS, robot_attends};
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
pub use permitted::Permitted;
pub use recording::RecordingStanding;
pub use refusal::CallRefusal;
pub use said::Disposal;
pub use state::{CallPhase, CallState, EndedCall};
pub use test_call::{TestCall, TestCallEvent};
pub use turn_fact::{
    BargedInFact, EngineFailedFact, EngineKind, HEARD_CHARS_MAX, HeardFact, SaidFact, SellerMessageFact,
    SensitiveWordFact, SilenceFact, TURN_FACTS_MAX, TurnFact, UnderstoodFact,
};

use crate::compliance::{OWN_TEST_NUMBER, PermitRefusal};
use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::transcript::TranscriptOf;
use command::CallCommand;
use event::CallEvent;
use values::ids::CallId;

/// The decider of one call.
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
        // Who is tried is no customer: what allows a test allows no call.
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

    /// What the callee said and what was made of it; the number dialed and keys pressed are the person's.
    fn transcript(id: &CallId, event: &CallEvent) -> Option<TranscriptOf> {
        event.is_of_transcript().then_some(TranscriptOf::Call(*id))
    }

    fn scope(_: &CallId, state: &CallState, _: &CallEvent) -> Scope {
        Scope {
            campaign: state.campaign().cloned(),
            customer: state.customer().cloned(),
        }
    }
}
