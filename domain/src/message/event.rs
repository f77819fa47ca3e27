//! The events of one customer's messages. Stored kinds and versions never change; new ones are added.

use crate::compliance::Verdict;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CampaignId, MessageId, NumberId};
pub use values::message_method::MessageMethod;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum MessageEvent {
    /// A message was ordered. Stored before it is sent.
    #[serde(rename = "message.ordered")]
    Ordered(Box<MessageOrderedFact>),
    /// The carrier accepted the message.
    #[serde(rename = "message.sent")]
    Sent {
        message: MessageId,
        /// The carrier's status code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        duration_ms: u64,
    },
    /// The message was not sent, or it is unknown whether it was.
    #[serde(rename = "message.failed")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// Event kinds as stored, one per variant. They never change.
impl MessageEvent {
    pub const ORDERED: &'static str = "message.ordered";
    pub const SENT: &'static str = "message.sent";
    pub const FAILED: &'static str = "message.failed";
    pub const REPLIED: &'static str = "message.replied";

    /// Returns the message of this event; `None` for a reply that names none.
    pub const fn message(&self) -> Option<MessageId> {
        match self {
            Self::Ordered(fact) => Some(fact.message),
            Self::Sent { message, .. } | Self::Failed { message, .. } => Some(*message),
            Self::Replied(fact) => fact.message,
        }
    }
}

impl EventData for MessageEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Ordered(_) => Self::ORDERED,
            Self::Sent { .. } => Self::SENT,
            Self::Failed { .. } => Self::FAILED,
            Self::Replied(_) => Self::REPLIED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Ordered(fact) => {
                let fact = &mut **fact;
                let subject = fact.subject.as_mut();
                let mut found = vec![
                    ("/to".to_owned(), &mut fact.to),
                    ("/text".to_owned(), &mut fact.text),
                ];
                found.extend(subject.map(|subject| ("/subject".to_owned(), subject)));
                found
            }
            Self::Replied(fact) => vec![("/text".to_owned(), &mut fact.text)],
            Self::Sent { .. } | Self::Failed { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
