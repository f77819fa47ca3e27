//! The webhook aggregate: somebody outside who is told of events, by HTTP or by mail, and how far.
//!
//! Promises: its address and its secrets are kept sealed under a key of its own; a secret is rotated with an
//! overlap; every event it asked for is taken, tried again over days, or a dead letter that is on record;
//! what was told, and what was answered, is an event. Events about deliveries are told to nobody. One stream
//! per webhook; a channel of alerts is one too.

pub mod command;
mod decide;
pub mod event;
mod format;
mod owner_fault;
mod refusal;
mod schedule;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::{NewAddress, Outcome, OutcomeEnd, WebhookChange, WebhookCommand};
pub use decide::{OVERLAP_MS, REASON_BYTES_MAX};
pub use event::{Attempted, Delivery, DeliveryFault, WebhookEvent, WebhookFacts, WebhookTerms};
pub use format::Format;
pub use owner_fault::OwnerFault;
pub use refusal::WebhookRefusal;
pub use schedule::{ATTEMPTS_MAX, RETRY_AFTER_MS_MAX, wait_ms};
pub use state::{Counts, DEAD_LETTERS_MAX, DeadLetter, OldSecret, Waiting, WebhookState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use values::ids::{CustomerId, WebhookId};

/// Longest part of an answer that is kept with a delivery: enough to see why a CRM said no, and of millions
/// of deliveries not more than their events take.
pub const ANSWER_KEPT_BYTES_MAX: usize = 1_024;

/// The webhook's decider.
#[derive(Debug)]
pub struct Webhook;

impl Decider for Webhook {
    type Id = WebhookId;
    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type State = WebhookState;
    type Refusal = WebhookRefusal;

    const AGGREGATE: &'static str = "webhook";

    fn command_kind(command: &WebhookCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &WebhookState,
        command: WebhookCommand,
        context: Context,
    ) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut WebhookState, event: &WebhookEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Whom and what the delivered event is about.
    fn scope(_: &WebhookId, _: &WebhookState, event: &WebhookEvent) -> Scope {
        let delivery = event.delivery();
        Scope {
            campaign: delivery.and_then(|delivery| delivery.campaign.clone()),
            customer: delivery.and_then(|delivery| delivery.customer.clone()),
        }
    }

    /// An answer about a person is under that person's key, and is erased with it; all else under a key of
    /// the webhook's own, whose id follows from the webhook's, which is no secret.
    fn sealed_under(id: &WebhookId, scope: &Scope) -> Option<CustomerId> {
        if scope.customer.is_some() {
            return scope.customer.clone();
        }
        let digest = Sha256::digest(format!("webhook:{id}"));
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        hex.parse().ok()
    }
}
