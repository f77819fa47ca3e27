//! Facts about one conversation in text, in the order they happen. Stored kinds and versions; never changed,
//! only added to. What was understood and decided are a call's facts.

use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::Verdict;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::{Personal, escaped};
use crate::spoken_turn::{TurnDecision, UnderstoodFact};
use crate::text_channel::{Channel, CloseReason};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::ids::{CampaignId, CustomerId, NumberId};
use values::key_rule::KeyRule;
use values::show::Show;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ConversationEvent {
    /// Somebody begins to write with a person, or the person with us.
    #[serde(rename = "conversation.opened")]
    Opened(Box<OpenedFact>),
    /// A message of theirs, as it is kept: numbers, cards and names are starred before they are sealed.
    #[serde(rename = "conversation.heard")]
    Heard(TextHeardFact),
    #[serde(rename = "conversation.understood")]
    Understood(UnderstoodFact),
    /// A word of the campaign's lists was written; the conversation ends by it.
    #[serde(rename = "conversation.sensitive_word_matched")]
    SensitiveWordMatched(TextWordFact),
    /// Stored before what follows from it.
    #[serde(rename = "conversation.decided")]
    Decided(TurnDecision),
    /// A text of ours. It leaves behind this.
    #[serde(rename = "conversation.said")]
    Said(TextSaidFact),
    /// Exactly one per conversation.
    #[serde(rename = "conversation.closed")]
    Closed(ClosedFact),
    /// What was written cannot be read any more: its time was over. Follows `conversation.closed`.
    #[serde(rename = "conversation.transcript_disposed")]
    TranscriptDisposed {
        /// The number of the disposal of transcripts that it was part of.
        disposal: u64,
        preset: Preset,
        /// For how long it was to be kept.
        days: u32,
    },
}

/// Whom it is with, about what, along which flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenedFact {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    /// The number that an opt-out is of.
    pub number: NumberId,
    pub channel: Channel,
    pub begun_by: BegunBy,
    pub flow: FlowRef,
    /// The rule by which keys count that are written.
    pub key_rule: KeyRule,
    /// The flow's variables as they stood then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, Personal<String>>,
    /// What the rules said of writing to them.
    pub verdicts: Vec<Verdict>,
}

/// Who wrote first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BegunBy {
    /// We do: every rule that a text has to keep is asked.
    Us,
    /// They did, and are answered.
    Customer,
}

/// A message of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextHeardFact {
    /// Its sender's own id: the same one again is the same message.
    #[schemars(example = &"m-1")]
    pub message: String,
    /// The node the conversation was in.
    pub node: String,
    pub text: Personal<String>,
    /// It was taken for a key of a menu.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_key: bool,
}

/// A word of a list, in a message of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextWordFact {
    #[schemars(example = &"m-1")]
    pub message: String,
    /// The node the conversation was in.
    pub node: String,
    /// Which list.
    pub list: String,
    pub word: Personal<String>,
}

/// A text of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextSaidFact {
    /// The message that it answers; absent of the first ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"m-1")]
    pub message: Option<String>,
    pub node: String,
    /// The text's place in the flow, such as `nodes.greeting.text`.
    pub prompt: String,
    /// Which of several wordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// With its variables filled in.
    pub text: Personal<String>,
    /// Pictures and links that went with it, as far as its channel carries them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<Show>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClosedFact {
    pub reason: CloseReason,
    /// The flow's own; absent where it came to no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How many messages of theirs there were.
    pub messages_count: u32,
    /// From which instant on nobody went on with it, of one that was idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
}

/// Stored kinds, each named for its variant. They never change.
impl ConversationEvent {
    pub const OPENED: &'static str = "conversation.opened";
    pub const HEARD: &'static str = "conversation.heard";
    pub const UNDERSTOOD: &'static str = "conversation.understood";
    pub const SENSITIVE_WORD_MATCHED: &'static str = "conversation.sensitive_word_matched";
    pub const DECIDED: &'static str = "conversation.decided";
    pub const SAID: &'static str = "conversation.said";
    pub const CLOSED: &'static str = "conversation.closed";
    pub const TRANSCRIPT_DISPOSED: &'static str = "conversation.transcript_disposed";

    /// Whether its words are the transcript's: what both sides wrote, and what was made of it.
    pub const fn is_of_transcript(&self) -> bool {
        matches!(
            self,
            Self::Heard(_) | Self::Understood(_) | Self::SensitiveWordMatched(_) | Self::Said(_)
        )
    }
}

impl EventData for ConversationEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => Self::OPENED,
            Self::Heard(_) => Self::HEARD,
            Self::Understood(_) => Self::UNDERSTOOD,
            Self::SensitiveWordMatched(_) => Self::SENSITIVE_WORD_MATCHED,
            Self::Decided(_) => Self::DECIDED,
            Self::Said(_) => Self::SAID,
            Self::Closed(_) => Self::CLOSED,
            Self::TranscriptDisposed { .. } => Self::TRANSCRIPT_DISPOSED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Opened(fact) => {
                let variables = fact.variables.iter_mut();
                variables
                    .map(|(name, value)| (format!("/variables/{}", escaped(name)), value))
                    .collect()
            }
            Self::Heard(fact) => vec![("/text".to_owned(), &mut fact.text)],
            Self::Understood(fact) => fact.personal(),
            Self::SensitiveWordMatched(fact) => vec![("/word".to_owned(), &mut fact.word)],
            Self::Said(fact) => vec![("/text".to_owned(), &mut fact.text)],
            Self::Decided(_) | Self::Closed(_) | Self::TranscriptDisposed { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
