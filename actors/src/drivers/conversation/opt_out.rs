//! 谢绝来电 by key: on the number's own stream before anything else of that key is stored.
//!
//! Every other key is stored first and acted on then. This one is the other way round, because a crash
//! between the two appends must not call again a person who has just asked us not to.

use super::talk::Talk;
use crate::drivers::kit::Halt;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowInput};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use std::sync::Arc;

/// The stored reason of an opt-out by key.
const OPT_OUT_REASON: &str = "keypress";

impl Talk<'_> {
    /// What the flow would make of this key, asked of a copy: it does not move.
    pub(super) fn means_opt_out(&self, digit: char) -> bool {
        let Some(run) = &self.run else { return false };
        let actions = run.clone().step(FlowInput::Keypress(digit));
        actions.iter().any(|action| matches!(action, FlowAction::OptOut))
    }

    /// At once and everywhere; once per conversation.
    pub(super) async fn opt_out(&mut self) -> Result<(), Halt> {
        self.outcome = Some(Outcome::OptedOut);
        if self.opted_out {
            return Ok(());
        }
        let command = NumberCommand::OptOut {
            reason: OPT_OUT_REASON.to_owned(),
            source: OptOutSource::Keypress,
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
