//! 谢绝来电 by key or by word: on the number's own stream before anything else of it is stored.
//!
//! Everything else is stored first and acted on then. This one is the other way round, because a crash
//! between the two appends must not call again a person who has just asked us not to.

use super::talk::Talk;
use crate::drivers::kit::Halt;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowInput};
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
