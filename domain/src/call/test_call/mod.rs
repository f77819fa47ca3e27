//! A test call (试呼): runs a campaign's flow on one of our own phones before its customers hear it.
//!
//! Guarantees: it passes through the same states as a call, and a line dials it by the same kind of permit;
//! the grants name the rule `own_test_number`. Its events belong to an aggregate of their own, with one kind
//! for every step. Views, billing, reports and drivers read other kinds and cannot take a test call for a
//! call to a customer.

pub mod event;

#[cfg(test)]
mod tests;

pub use event::TestCallEvent;

use super::command::CallCommand;
use super::{Call, CallRefusal, CallState};
use crate::compliance::{OWN_TEST_NUMBER, PermitRefusal};
use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use values::ids::CallId;

/// The decider of the test-call aggregate.
pub struct TestCall;

impl Decider for TestCall {
    type Id = CallId;
    type Command = CallCommand;
    type Event = TestCallEvent;
    type State = CallState;
    type Refusal = CallRefusal;

    const AGGREGATE: &'static str = "test_call";
    const SEQUENTIAL: bool = true;

    fn command_kind(command: &CallCommand) -> &'static str {
        command.kind()
    }

    /// Decides as for a call, but accepts only the grants of a test call.
    fn decide(
        state: &CallState,
        command: CallCommand,
        context: Context,
    ) -> Result<Vec<TestCallEvent>, CallRefusal> {
        if let CallCommand::Permit { customer_grant, .. } = &command
            && !customer_grant.is_of_test()
        {
            return Err(CallRefusal::Permit(PermitRefusal::NotAllowed(
                OWN_TEST_NUMBER.to_owned(),
            )));
        }
        let steps = super::decide::decide(state, command, context)?;
        let step = |step| TestCallEvent::StepRecorded { step: Box::new(step) };
        Ok(steps.into_iter().map(step).collect())
    }

    fn evolve(state: &mut CallState, event: &TestCallEvent, at: Timestamp) {
        Call::evolve(state, event.step(), at);
    }

    fn is_underway(state: &CallState) -> bool {
        Call::is_underway(state)
    }

    fn transcript(id: &CallId, event: &TestCallEvent) -> Option<TranscriptParent> {
        Call::transcript(id, event.step())
    }

    /// Returns the campaign of the tested flow, and the stand-in customer with the key that seals its words.
    fn scope(id: &CallId, state: &CallState, event: &TestCallEvent) -> Scope {
        Call::scope(id, state, event.step())
    }
}
