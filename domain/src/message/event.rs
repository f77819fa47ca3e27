//! The events of one customer's messages. Stored kinds and versions never change; new ones are added.

use crate::compliance::Verdict;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use values::ids::{CampaignId, MessageId, NumberId};
pub use values::message_method::MessageMethod;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum MessageEvent {
    /// A message was ordered. Stored before it is sent.
    #[serde(rename = "message.ordered")]
    Ordered(Box<MessageOrderedFact>),
    /// The carrier accepted the message.
    #[serde(rename = "message.sent")]
    #[open(status, duration_ms)]
    Sent {
        message: MessageId,
        /// The carrier's status code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        duration_ms: u64,
    },
    /// The message was not sent, or it is unknown whether it was.
    #[serde(rename = "message.failed")]
    #[open(class, status, duration_ms)]
    Failed {
        message: MessageId,
        /// Failure class, such as `unreachable`.
        class: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        duration_ms: u64,
        /// It is unknown whether the message arrives. It counts for the caps and is not sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        may_have_left: bool,
    },
    /// The customer replied.
    #[serde(rename = "message.replied")]
    Replied(MessageRepliedFact),
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(attachments)]
pub struct MessageOrderedFact {
    pub message: MessageId,
    pub campaign: CampaignId,
    /// The number that an opt-out applies to.
    pub number: NumberId,
    pub way: MessageMethod,
    /// The recipient: a phone number or a mail address.
    pub to: Personal<String>,
    /// Subject of a mail. Mail only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Personal<String>>,
    /// The text as it is sent, with its signature.
    pub text: Personal<String>,
    /// Addresses of attachments: pictures, documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// The verdicts of the compliance rules.
    pub verdicts: Vec<Verdict>,
}

/// A reply of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(reply)]
pub struct MessageRepliedFact {
    /// The id that the sender gave the reply. The same id is the same reply.
    #[schemars(example = &"r-1")]
    pub reply: String,
    /// The message that it answers, if the sender names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// The reply's text. Phone numbers, card numbers and names are masked before sealing.
    pub text: Personal<String>,
    /// The customer opts out of further calls and messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
}

impl MessageEvent {
    /// Returns the message of this event; `None` for a reply that names none.
    pub const fn message(&self) -> Option<MessageId> {
        match self {
            Self::Ordered(fact) => Some(fact.message),
            Self::Sent { message, .. } | Self::Failed { message, .. } => Some(*message),
            Self::Replied(fact) => fact.message,
        }
    }
}
