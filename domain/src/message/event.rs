//! Facts about the messages of one person. Stored kinds and versions; never changed, only added to.

use crate::compliance::Verdict;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CampaignId, MessageId, NumberId};
pub use values::message_way::Way;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum MessageEvent {
    /// It is to leave; stored before it does.
    #[serde(rename = "message.ordered")]
    Ordered(Box<OrderedFact>),
    /// Whoever carries it took it.
    #[serde(rename = "message.sent")]
    Sent {
        message: MessageId,
        /// What they answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        duration_ms: u64,
    },
    /// It did not leave, or nobody can tell.
    #[serde(rename = "message.failed")]
    Failed {
        message: MessageId,
        /// Such as `unreachable`.
        class: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        duration_ms: u64,
        /// Nobody can tell whether it arrives: it counts in the caps, and is not sent again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        may_have_left: bool,
    },
    /// They answered.
    #[serde(rename = "message.replied")]
    Replied(RepliedFact),
}

/// A message that is to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OrderedFact {
    pub message: MessageId,
    pub campaign: CampaignId,
    /// The number that an opt-out is of.
    pub number: NumberId,
    pub way: Way,
    /// Where it goes: a number, or a mail address.
    pub to: Personal<String>,
    /// Of a mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Personal<String>>,
    /// As it leaves, with its signature.
    pub text: Personal<String>,
    /// Addresses of what goes with it: pictures, documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// What the rules said.
    pub verdicts: Vec<Verdict>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RepliedFact {
    /// Its sender's own id: the same one again is the same reply.
    #[schemars(example = &"r-1")]
    pub reply: String,
    /// The message that it answers, as far as the sender says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Numbers, cards and names are starred before it is sealed.
    pub text: Personal<String>,
    /// It refuses further calls and messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
}

/// Stored kinds, each named for its variant. They never change.
impl MessageEvent {
    pub const ORDERED: &'static str = "message.ordered";
    pub const SENT: &'static str = "message.sent";
    pub const FAILED: &'static str = "message.failed";
    pub const REPLIED: &'static str = "message.replied";

    /// The message that it is about, where it names one.
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
