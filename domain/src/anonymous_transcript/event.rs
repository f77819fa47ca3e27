//! The event of an anonymous transcript. Stored kinds and versions never change; new ones are added. It has
//! no time, node or length of an utterance, because the call's own events have those and would identify the
//! call.

use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use values::disposition::{Disposition, Outcome};
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum AnonymousTranscriptEvent {
    /// An anonymous transcript was stored. Stored before the original words are destroyed.
    #[serde(rename = "anonymous_transcript.kept")]
    Kept(Box<AnonymousTranscriptFact>),
}

/// The words of one call or conversation without identifying parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct AnonymousTranscriptFact {
    pub campaign: CampaignId,
    pub said_in: AnonymousTranscriptSource,
    /// The disposition. Only if calls of at least three customers had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// A JSON list of the customer's utterances, masked and sorted alphabetically. It is padded with blanks,
    /// so that the sealed length reveals nothing.
    pub words: Personal<String>,
}

/// The kind of the conversation.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum AnonymousTranscriptSource {
    Call,
    Conversation,
}
