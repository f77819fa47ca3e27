//! An opt-out (谢绝来电) by key or by voice: stored on the number's own stream before anything else of it.
//!
//! Other inputs are stored on the call first. Here the order is reversed, because after a crash between the
//! two appends a person who has just opted out must not be called again.

use super::session::ConversationSession;
use crate::drivers::driver_context::{DriverContext, Halt};
use crate::drivers::one_call::Attempt;
use domain::calling_plan::FlowRef;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowInput};
use domain::key_rule::KeyRule;
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use std::sync::Arc;

/// Returns the reason that is stored with an opt-out by this source.
const fn reason(source: OptOutSource) -> &'static str {
    if matches!(source, OptOutSource::Speech) {
        "speech"
    } else {
        "keypress"
    }
}

/// Returns true if the key means an opt-out anywhere in the campaign's flow. False for a flow that was
/// never published.
pub(super) async fn refuses(kit: &DriverContext, flow: &FlowRef, digit: char) -> Result<bool, Halt> {
    let loaded = kit.state(&kit.system.flows, &flow.flow).await?;
    let published = loaded.state.version(flow.version);
    let definition = published.and_then(|one| one.definition.as_ref());
    Ok(definition.is_some_and(|flow| flow.opt_out_node(digit, KeyRule::CURRENT).is_some()))
}

/// Stores the callee's opt-out by key on the number. It takes effect at once, for all campaigns.
pub(super) async fn opt_out_by_key(attempt: &mut Attempt) -> Result<(), Halt> {
    let source = OptOutSource::Keypress;
    let command = NumberCommand::OptOut {
        reason: reason(source).to_owned(),
        source,
        call: Some(attempt.call),
    };
    let (cause, number) = (attempt.cause(), attempt.number.clone());
    let kit = Arc::clone(&attempt.kit);
    kit.ask(&kit.system.numbers, &number, command, cause).await?;
    Ok(())
}

impl ConversationSession<'_> {
    /// Returns true if the flow would treat the input as an opt-out. Asks a copy of the run, so the run
    /// itself does not move.
    pub(super) fn means_opt_out(&self, input: FlowInput<'_>) -> bool {
        let Some(run) = &self.run else { return false };
        let actions = run.clone().step(input);
        actions.iter().any(|action| matches!(action, FlowAction::OptOut))
    }

    /// Stores the callee's opt-out on the number, once per conversation. It takes effect at once, for all
    /// campaigns. A test call stores none.
    pub(super) async fn opt_out(&mut self, source: OptOutSource) -> Result<(), Halt> {
        self.outcome = Some(Outcome::OptedOut);
        if self.opted_out {
            return Ok(());
        }
        // In a test call the flow goes on as it would; our own phone is not opted out.
        if self.attempt.trial.is_some() {
            self.opted_out = true;
            return Ok(());
        }
        let command = NumberCommand::OptOut {
            reason: reason(source).to_owned(),
            source,
            call: Some(self.attempt.call),
        };
        let cause = self.attempt.cause();
        let number = self.attempt.number.clone();
        let kit = Arc::clone(&self.kit);
        kit.ask(&kit.system.numbers, &number, command, cause).await?;
        self.opted_out = true;
        Ok(())
    }
}
