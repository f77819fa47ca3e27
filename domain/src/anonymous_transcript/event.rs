//! The one fact about an anonymous transcript. Stored kinds and versions; never changed, only added to. No
//! instant, no node and no length of what was said stands in it: a call's own events have those.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::disposition::{Disposition, Outcome};
use values::ids::CampaignId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum AnonymousTranscriptEvent {
    /// Stored before anything of whose words it has is destroyed.
    #[serde(rename = "anonymous_transcript.kept")]
    Kept(Box<KeptFact>),
}

/// What was said in one call or conversation, as far as it tells of nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeptFact {
    pub campaign: CampaignId,
    pub said_in: SaidIn,
    /// How it ended, where at least three persons' did so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Disposition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// A JSON list of what they said, starred, in the order of the alphabet; blanks fill it up, so that the
    /// length of what is sealed tells nothing.
    pub words: Personal<String>,
}

/// Where it was said.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SaidIn {
    Call,
    Conversation,
}

/// Stored kinds, each named for its variant. They never change.
impl AnonymousTranscriptEvent {
    pub const KEPT: &'static str = "anonymous_transcript.kept";
}

impl EventData for AnonymousTranscriptEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Kept(_) => Self::KEPT,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Kept(kept) => vec![("/words".to_owned(), &mut kept.words)],
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
