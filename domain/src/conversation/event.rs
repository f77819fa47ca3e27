//! The events of a text conversation, in order. Stored kinds and versions never change; new ones are added.
//! Understanding and decisions have the same data as in calls.

use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::Verdict;
use crate::personal::Personal;
use crate::spoken_turn::{TurnDecision, UnderstandingFact};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::ids::{CampaignId, CustomerId, NumberId};
use values::key_rule::KeyRule;
use values::text_attachment::TextAttachment;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum ConversationEvent {
    /// A conversation was opened, by us or by the customer.
    #[serde(rename = "conversation.opened")]
    Opened(Box<OpenedFact>),
    /// A message of the customer as it is stored: phone numbers, card numbers and names are masked before
    /// sealing.
    #[serde(rename = "conversation.heard")]
    Heard(TextHeardFact),
    #[serde(rename = "conversation.understood")]
    Understood(UnderstandingFact),
    /// A message had a sensitive word of the campaign. It ends the conversation.
    #[serde(rename = "conversation.sensitive_word_matched")]
    SensitiveWordMatched(TextWordFact),
    /// A decision of the flow. It is stored before the texts that follow from it.
    #[serde(rename = "conversation.decided")]
    Decided(TurnDecision),
    /// A text of the robot. It is sent after this event is stored.
    #[serde(rename = "conversation.said")]
    Said(TextSaidFact),
    /// The conversation was closed. It occurs once per conversation.
    #[serde(rename = "conversation.closed")]
    Closed(ClosedFact),
    /// The transcript can no longer be read: its retention period passed. Follows `conversation.closed`.
    #[serde(rename = "conversation.transcript_disposed")]
    #[open(disposal, days)]
    TranscriptDisposed {
        /// Number of the disposal of transcripts.
        disposal: u64,
        preset: Preset,
        /// The retention period in days.
        days: u32,
    },
}

/// The customer, campaign and flow of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct OpenedFact {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    /// The number that an opt-out applies to.
    pub number: NumberId,
    pub channel: Channel,
    pub begun_by: ConversationInitiator,
    pub flow: FlowRef,
    /// The key rule for keys that the customer writes.
    pub key_rule: KeyRule,
    /// The flow's variables when the conversation was opened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Personal<String>>,
    /// The verdicts of the compliance rules on writing to the customer.
    pub verdicts: Vec<Verdict>,
}

/// The party that wrote first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ConversationInitiator {
    /// The robot. Every compliance rule for texts is checked.
    Us,
    /// The customer, who gets an answer.
    Customer,
}

/// A message of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(message, node)]
pub struct TextHeardFact {
    /// The id that the sender gave the message. The same id is the same message.
    #[schemars(example = &"m-1")]
    pub message: String,
    /// The current node of the conversation.
    pub node: String,
    pub text: Personal<String>,
    /// True if the message was taken as a key of a menu.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_key: bool,
}

/// A sensitive word in a message of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(message, node, list)]
pub struct TextWordFact {
    #[schemars(example = &"m-1")]
    pub message: String,
    /// The current node of the conversation.
    pub node: String,
    /// Name of the word list.
    pub list: String,
    pub word: Personal<String>,
}

/// A text of the robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(message, node, prompt, variant, shows)]
pub struct TextSaidFact {
    /// The message that it answers. Absent for the first texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"m-1")]
    pub message: Option<String>,
    pub node: String,
    /// Member path of the text in the flow, such as `nodes.greeting.text`.
    pub prompt: String,
    /// Name of the wording, if the text has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The text with its variables filled in.
    pub text: Personal<String>,
    /// Pictures and links that were sent with it, as far as the channel supports them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<TextAttachment>,
}

/// The end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(messages_count)]
pub struct ClosedFact {
    pub reason: CloseReason,
    /// The outcome of the flow. Absent if the flow did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Number of messages of the customer.
    pub messages_count: u32,
    /// The time since which neither side wrote. Only if the conversation was idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
}

impl ConversationEvent {
    /// Returns true if the event's words belong to the transcript: messages, texts, and what was understood.
    pub const fn is_of_transcript(&self) -> bool {
        matches!(
            self,
            Self::Heard(_) | Self::Understood(_) | Self::SensitiveWordMatched(_) | Self::Said(_)
        )
    }
}
