//! The webhook aggregate: an external receiver of events over HTTP or mail, and the progress of its
//! deliveries.
//!
//! Guarantees: its address and secrets are sealed under a key of its own. A secret is rotated with an
//! overlap. Every event it subscribes to is accepted, retried over days, or a recorded dead letter. Each
//! delivery and the receiver's answer are events. Events about deliveries are not sent to webhooks. One
//! stream per webhook; a channel for alerts is a webhook too.

pub mod command;
mod decide;
pub mod event;
mod format;
mod owner_fault;
mod refusal;
mod schedule;
mod state;

#[cfg(test)]
mod tests;

pub use command::{AttemptEnd, AttemptOutcome, NewAddress, WebhookChange, WebhookCommand};
pub use decide::{OVERLAP_MS, REASON_BYTES_MAX};
pub use event::{Delivery, DeliveryAttempt, DeliveryFault, WebhookEvent, WebhookFacts, WebhookTerms};
pub use format::WebhookFormat;
pub use owner_fault::OwnerFault;
pub use refusal::WebhookRefusal;
pub use schedule::{ATTEMPTS_MAX, RETRY_AFTER_MS_MAX, wait_ms};
pub use state::{Counts, DEAD_LETTERS_MAX, DeadLetter, OldSecret, WaitingDelivery, WebhookState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use values::ids::{CustomerId, WebhookId};

/// Longest part of a receiver's answer that is stored with a delivery, in bytes: enough to see why a CRM
/// refused, and small enough for millions of deliveries.
pub const ANSWER_KEPT_BYTES_MAX: usize = 1_024;

/// The decider of the webhook aggregate.
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

    /// Returns the campaign and customer of the delivered event.
    fn scope(_: &WebhookId, _: &WebhookState, event: &WebhookEvent) -> Scope {
        let delivery = event.delivery();
        Scope {
            campaign: delivery.and_then(|delivery| delivery.campaign.clone()),
            customer: delivery.and_then(|delivery| delivery.customer.clone()),
        }
    }

    /// Returns the key id for sealing. An answer about a customer is sealed under the customer's key and
    /// erased with it. Everything else is sealed under the webhook's own key; its id is a hash of the
    /// webhook's id and is not secret.
    fn sealed_under(id: &WebhookId, scope: &Scope) -> Option<CustomerId> {
        if scope.customer.is_some() {
            return scope.customer.clone();
        }
        let digest = Sha256::digest(format!("webhook:{id}"));
        values::hex::encode_first(16, &digest).parse().ok()
    }
}
