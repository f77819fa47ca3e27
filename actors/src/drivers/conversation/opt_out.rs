//! 谢绝来电 by key or by word: on the number's own stream before anything else of it is stored.
//!
//! Everything else is stored first and acted on then. This one is the other way round, because a crash
//! between the two appends must not call again a person who has just asked us not to.

use super::talk::Talk;
use crate::drivers::kit::{Halt, Kit};
use crate::drivers::one_call::Attempt;
use domain::calling_plan::FlowRef;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowInput};
use domain::key_rule::KeyRule;
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use std::sync::Arc;

/// The stored reason of an opt-out in a call.
const fn reason(source: OptOutSource) -> &'static str {
    if matches!(source, OptOutSource::Speech) {
        "speech"
    } else {
        "keypress"
    }
}

/// Whether a key refuses further calls wherever it is pressed, by the flow of the campaign. A flow that was
/// never published says nothing of keys.
pub(super) async fn refuses(kit: &Kit, flow: &FlowRef, digit: char) -> Result<bool, Halt> {
    let loaded = kit.state(&kit.system.flows, &flow.flow).await?;
    let published = loaded.state.version(flow.version);
    let definition = published.and_then(|one| one.definition.as_ref());
    Ok(definition.is_some_and(|flow| flow.opt_out_node(digit, KeyRule::CURRENT).is_some()))
}

/// The callee of an attempt refuses further calls by a key: at once and everywhere.
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

impl Talk<'_> {
    /// What the flow would make of a key or of words, asked of a copy: it does not move.
    pub(super) fn means_opt_out(&self, input: FlowInput<'_>) -> bool {
        let Some(run) = &self.run else { return false };
        let actions = run.clone().step(input);
        actions.iter().any(|action| matches!(action, FlowAction::OptOut))
    }

    /// At once and everywhere; once per conversation.
    pub(super) async fn opt_out(&mut self, source: OptOutSource) -> Result<(), Halt> {
        self.outcome = Some(Outcome::OptedOut);
        if self.opted_out {
            return Ok(());
        }
        // Of a test the flow goes on as it would; our own phone is refused nothing.
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
