//! Has what became of events stored, and does not give up: what was told is on record, also after an outage.

use crate::installation::Installation;
use actors::{AskError, Entities};
use domain::ids::{CommandId, WebhookId};
use domain::stored_event::{Cause, Position};
use domain::webhook::{Outcome, OutcomeEnd, Webhook, WebhookCommand, WebhookRefusal};

/// Before what the store did not do is asked again.
const AGAIN_MS: u64 = 500;

/// What became of an append.
pub(super) enum Stored {
    Done,
    /// Nothing may be stored of it any more.
    Over,
}

/// Some outcomes to be stored in one append.
pub(super) struct Storing {
    pub(super) webhooks: Entities<Webhook>,
    pub(super) id: WebhookId,
    pub(super) command: CommandId,
    pub(super) run: u32,
    pub(super) through: Position,
    pub(super) outcomes: Vec<Outcome>,
}

impl Storing {
    /// Asks until it is stored. Where it cannot be, it is asked without the answers: whoever was erased since
    /// has no key under which one could be sealed.
    pub(super) async fn until_done(mut self, installation: &Installation) -> Stored {
        loop {
            let command = WebhookCommand::Record {
                run: self.run,
                through: self.through,
                outcomes: self.outcomes.clone(),
            };
            let asked = self.webhooks.ask(&self.id, command, Cause::outside(self.command));
            match asked.await {
                Ok(_) => return Stored::Done,
                Err(AskError::Refused(WebhookRefusal::Removed | WebhookRefusal::Unknown)) => {
                    return Stored::Over;
                }
                Err(error) => {
                    tracing::warn!(webhook = %self.id, %error, "deliveries could not be stored yet");
                    if matches!(error, AskError::Fault) {
                        self.outcomes.iter_mut().for_each(forget_answer);
                    }
                    installation.pause(AGAIN_MS).await;
                }
            }
        }
    }
}

fn forget_answer(outcome: &mut Outcome) {
    if let OutcomeEnd::Tried { attempt, .. } = &mut outcome.end {
        attempt.answer = None;
    }
}
