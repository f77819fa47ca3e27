//! Requests to a webhook: by whoever manages it, and by the sender that reports what became of events.

use super::event::{Attempted, WebhookFacts};
use crate::ids::{CampaignId, CustomerId, EventId};
use crate::personal::Personal;
use crate::record::stored_event::Position;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    Add {
        facts: Box<WebhookFacts>,
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
            Self::Rotate { .. } => "webhook.rotate",
            Self::Remove { .. } => "webhook.remove",
            Self::Replay { .. } => "webhook.replay",
            Self::Test { .. } => "webhook.test",
            Self::Record { .. } => "webhook.record",
        }
    }
}
