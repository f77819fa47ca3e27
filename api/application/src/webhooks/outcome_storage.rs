//! Stores the results of deliveries and repeats until it succeeds, so that sent messages are recorded also
//! after an outage.

use crate::installation::Installation;
use actors::{AskError, Entities};
use domain::ids::{CommandId, WebhookId};
use domain::stored_event::{Cause, Position};
use domain::webhook::{AttemptEnd, AttemptOutcome, Webhook, WebhookCommand, WebhookRefusal};

/// Wait before a failed append is repeated, in milliseconds.
const AGAIN_MS: u64 = 500;

/// The result of storing an outcome in the log.
pub(super) enum StorageResult {
    Done,
    /// The webhook was removed; nothing more can be stored for it.
    Over,
}

/// Results of attempts that are stored in one append.
pub(super) struct OutcomeBatch {
    pub(super) webhooks: Entities<Webhook>,
    pub(super) id: WebhookId,
    pub(super) command: CommandId,
    pub(super) run: u32,
    pub(super) through: Position,
    pub(super) outcomes: Vec<AttemptOutcome>,
}

impl OutcomeBatch {
    /// Stores the results and repeats the append until it succeeds. After a fault it is repeated without
    /// the receivers' answers, because an erased customer has no key with which to seal them.
    pub(super) async fn append_until_stored(mut self, installation: &Installation) -> StorageResult {
        loop {
            let command = WebhookCommand::Record {
                run: self.run,
                through: self.through,
                outcomes: self.outcomes.clone(),
            };
            let asked = self.webhooks.ask(&self.id, command, Cause::outside(self.command));
            match asked.await {
                Ok(_) => return StorageResult::Done,
                Err(AskError::Refused(WebhookRefusal::Removed | WebhookRefusal::Unknown)) => {
                    return StorageResult::Over;
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

fn forget_answer(outcome: &mut AttemptOutcome) {
    if let AttemptEnd::Tried { attempt, .. } = &mut outcome.end {
        attempt.answer = None;
    }
}
