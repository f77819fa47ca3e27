//! The state of one customer's messages, folded from their events: order times and results.

use super::event::{MessageEvent, MessageMethod};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::{CampaignId, MessageId, NumberId};

/// The provider's result for a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendResult {
    Taken {
        status: Option<u16>,
        duration_ms: u64,
    },
    Failed {
        class: String,
        status: Option<u16>,
        duration_ms: u64,
        /// It is unknown whether the message arrives.
        may_have_left: bool,
    },
}

/// A message that was ordered for a customer, and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedMessage {
    pub at: Timestamp,
    pub campaign: CampaignId,
    pub number: NumberId,
    pub way: MessageMethod,
    /// The result. Absent until it is known, and forever if it is never known.
    pub sent: Option<SendResult>,
}

impl OrderedMessage {
    const fn has_not_left(&self) -> bool {
        matches!(
            self.sent,
            Some(SendResult::Failed {
                may_have_left: false,
                ..
            })
        )
    }
}

/// The state of one customer's messages and replies. It does not hold their texts.
#[derive(Debug, Clone, Default)]
pub struct MessageState {
    messages: BTreeMap<MessageId, OrderedMessage>,
    replies: BTreeSet<String>,
    replied_at: Vec<Timestamp>,
}

impl MessageState {
    pub const fn messages(&self) -> &BTreeMap<MessageId, OrderedMessage> {
        &self.messages
    }
    pub fn message(&self, message: MessageId) -> Option<&OrderedMessage> {
        self.messages.get(&message)
    }
    pub fn has_reply(&self, reply: &str) -> bool {
        self.replies.contains(reply)
    }
    /// Returns the number of messages ordered after `from`. Messages that were certainly not sent do not
    /// count.
    pub fn count_since(&self, from: Timestamp) -> usize {
        let counted = self.messages.values().filter(|one| one.at > from);
        counted.filter(|one| !one.has_not_left()).count()
    }
    pub(super) fn replies_since(&self, from: Timestamp) -> usize {
        self.replied_at.iter().filter(|at| **at > from).count()
    }
    pub(super) fn campaign_of(&self, message: MessageId) -> Option<&CampaignId> {
        self.messages.get(&message).map(|one| &one.campaign)
    }

    pub(super) fn apply(&mut self, event: &MessageEvent, at: Timestamp) {
        match event {
            MessageEvent::Ordered(fact) => {
                let kept = OrderedMessage {
                    at,
                    campaign: fact.campaign.clone(),
                    number: fact.number.clone(),
                    way: fact.way,
                    sent: None,
                };
                self.messages.insert(fact.message, kept);
            }
            MessageEvent::Sent {
                message,
                status,
                duration_ms,
            } => self.settle(
                *message,
                SendResult::Taken {
                    status: *status,
                    duration_ms: *duration_ms,
                },
            ),
            MessageEvent::Failed {
                message,
                class,
                status,
                duration_ms,
                may_have_left,
            } => self.settle(
                *message,
                SendResult::Failed {
                    class: class.clone(),
                    status: *status,
                    duration_ms: *duration_ms,
                    may_have_left: *may_have_left,
                },
            ),
            MessageEvent::Replied(fact) => {
                self.replies.insert(fact.reply.clone());
                self.replied_at.push(at);
            }
        }
    }

    fn settle(&mut self, message: MessageId, sent: SendResult) {
        if let Some(kept) = self.messages.get_mut(&message) {
            kept.sent = Some(sent);
        }
    }
}
