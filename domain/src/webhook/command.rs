//! Requests to a webhook: by whoever manages it, and by the sender that reports what became of events.

use super::event::{Attempted, WebhookFacts};
use super::format::Format;
use super::owner_fault::OwnerFault;
use crate::personal::Personal;
use crate::record::stored_event::Position;
use std::collections::BTreeSet;
use values::ids::{CampaignId, CustomerId, EventId, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    Add {
        facts: Box<WebhookFacts>,
    },
    /// What it is told of, in which form and where, from now on.
    Change {
        change: Box<WebhookChange>,
        /// Which revision whoever asks has read; without one, whatever there is.
        read: Option<u64>,
        reason: String,
    },
    /// From now on this secret signs.
    Rotate {
        secret: Personal<String>,
    },
    Remove {
        reason: String,
    },
    /// Send again what comes after a position.
    Replay {
        after: Position,
    },
    /// Deliver nothing until another user takes it over.
    Disable {
        reason: OwnerFault,
        owner: UserId,
        /// The revision by which the owner was judged; at another one the command does nothing.
        read: u64,
    },
    /// The owner from now on; none is the directory's owner.
    TakeOver {
        owner: Option<UserId>,
        reason: String,
    },
    /// What came of a test.
    Test {
        attempt: Attempted,
    },
    /// What became of some events, in one append.
    Record {
        /// The replays that the sender knew of.
        run: u32,
        /// Everything up to here is delivered, dead or known to wait, once this is stored.
        through: Position,
        outcomes: Vec<Outcome>,
    },
}

/// What a webhook is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookChange {
    pub format: Format,
    pub kinds: BTreeSet<String>,
    pub allow_private: bool,
    /// Another address; what was sent as a bearer to the one before is not sent to it.
    pub address: Option<NewAddress>,
    /// What is sent as `Authorization: Bearer` from now on.
    pub bearer: Option<Personal<String>>,
    /// The owner from now on; none is the directory's owner.
    pub owner: Option<UserId>,
}

/// Another address of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    pub target: Personal<String>,
    /// What of it is shown.
    pub shown: String,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub event: EventId,
    pub position: Position,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Attempts, this one included.
    pub attempts: u32,
    pub end: OutcomeEnd,
}

/// How an attempt ended, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeEnd {
    /// Taken, or not, as the attempt says.
    Tried {
        attempt: Attempted,
        /// The receiver asked to be left alone for so long.
        retry_after_ms: Option<u64>,
    },
    /// It waits behind this one.
    Deferred { behind: Position },
}

impl WebhookCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Add { .. } => "webhook.add",
            Self::Change { .. } => "webhook.change",
            Self::Rotate { .. } => "webhook.rotate",
            Self::Remove { .. } => "webhook.remove",
            Self::Replay { .. } => "webhook.replay",
            Self::Disable { .. } => "webhook.disable",
            Self::TakeOver { .. } => "webhook.take_over",
            Self::Test { .. } => "webhook.test",
            Self::Record { .. } => "webhook.record",
        }
    }
}
