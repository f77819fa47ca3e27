//! The commands of a webhook: from the users who manage it, and from the sender that reports the results of
//! deliveries.

use super::event::{DeliveryAttempt, WebhookFacts};
use super::format::WebhookFormat;
use super::owner_fault::OwnerFault;
use crate::personal::Personal;
use crate::record::stored_event::Position;
use std::collections::BTreeSet;
use values::ids::{CampaignId, CustomerId, EventId, UserId};

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "webhook")]
pub enum WebhookCommand {
    Add {
        facts: Box<WebhookFacts>,
    },
    /// Changes the event kinds, the format or the address from now on.
    Change {
        change: Box<WebhookChange>,
        /// The revision that the caller has read; another current revision refuses the command. `None` skips
        /// the check.
        read: Option<u64>,
        reason: String,
    },
    /// Replaces the signing secret from now on.
    Rotate {
        secret: Personal<String>,
    },
    Remove {
        reason: String,
    },
    /// Sends the events after a position again.
    Replay {
        after: Position,
    },
    /// Stops deliveries because of the owner, until another user takes the webhook over.
    Disable {
        reason: OwnerFault,
        owner: UserId,
        /// The revision at which the owner was checked. At any other revision the command does nothing.
        read: u64,
    },
    /// Sets the owner from now on. `None` is the owner of the data directory.
    TakeOver {
        owner: Option<UserId>,
        reason: String,
    },
    /// Records the result of a test delivery.
    Test {
        attempt: DeliveryAttempt,
    },
    /// Records the results of several events in one append.
    Record {
        /// Number of replays that the sender knew of.
        run: u32,
        /// Position up to which every event is delivered, a dead letter or known to wait, once this command
        /// is stored.
        through: Position,
        outcomes: Vec<AttemptOutcome>,
    },
}

/// The new settings of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookChange {
    pub format: WebhookFormat,
    pub kinds: BTreeSet<String>,
    pub allow_private: bool,
    /// The new address. The bearer token of the old address is not sent to it.
    pub address: Option<NewAddress>,
    /// The new token for `Authorization: Bearer`.
    pub bearer: Option<Personal<String>>,
    /// The new owner. `None` is the owner of the data directory.
    pub owner: Option<UserId>,
}

/// A new address of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    pub target: Personal<String>,
    /// The part of the address that responses show.
    pub shown: String,
}

/// The result of one delivery attempt, or of an event that has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptOutcome {
    pub event: EventId,
    pub position: Position,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Number of attempts, including this one.
    pub attempts: u32,
    pub end: AttemptEnd,
}

/// How an attempt ended, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// An attempt was made; it succeeded if `attempt.fault` is `None`.
    Tried {
        attempt: DeliveryAttempt,
        /// Wait that the receiver asked for (`Retry-After`), in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// The event waits behind an earlier one at this position.
    Deferred { behind: Position },
}
