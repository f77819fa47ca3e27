//! Facts about one draft of wording. Stored kinds and versions; never changed, only added to.

use super::task::DraftTask;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::NobodyBecause;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum WordingDraftEvent {
    /// A model is about to be asked for other words; a crash from here on asks nobody a second time.
    #[serde(rename = "wording_draft.asked")]
    Asked {
        #[serde(flatten)]
        task: Box<DraftTask>,
        /// Absent where the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<UserId>,
        /// As its server calls it.
        model: String,
        /// All that was sent.
        prompt: String,
        /// SHA-256 of it, lower hex.
        prompt_sha256: String,
    },
    /// What the model wrote. Nobody hears it by this alone.
    #[serde(rename = "wording_draft.drafted")]
    Drafted {
        text: String,
        #[serde(flatten)]
        cost: DraftCost,
    },
    /// The model wrote nothing, or what may not be said.
    #[serde(rename = "wording_draft.failed")]
    Failed {
        /// `late`, `unreachable`, `denied`, `garbled`, `cut`; `too_long`; `unchanged`; `placeholders`: a
        /// place was left out, or one was put in; `figures`: it named a number or day that stands nowhere in
        /// what it was given; `sensitive`: it held a word that ends calls; `personal`: it named somebody.
        failure: String,
        /// Which place, figure or word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// What it wrote, masked and cut to its bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<String>,
        #[serde(flatten)]
        cost: DraftCost,
    },
    /// A person takes it into a new version of the base, which nobody hears before it is published.
    #[serde(rename = "wording_draft.adopted")]
    Adopted {
        /// The version whose answer it takes the place of.
        from_version: u32,
        /// Of the version that it makes.
        content_hash: String,
        /// Absent where the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        adopted_by: Option<UserId>,
        /// Why no other person than who asked stands behind it, where none does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nobody: Option<NobodyBecause>,
    },
    /// It is not to be said.
    #[serde(rename = "wording_draft.rejected")]
    Rejected {
        /// Absent where the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<UserId>,
        reason: String,
    },
}

/// What asking cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DraftCost {
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Stored kinds, each named for its variant. They never change.
impl WordingDraftEvent {
    pub const ASKED: &'static str = "wording_draft.asked";
    pub const DRAFTED: &'static str = "wording_draft.drafted";
    pub const FAILED: &'static str = "wording_draft.failed";
    pub const ADOPTED: &'static str = "wording_draft.adopted";
    pub const REJECTED: &'static str = "wording_draft.rejected";
}

impl EventData for WordingDraftEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Asked { .. } => Self::ASKED,
            Self::Drafted { .. } => Self::DRAFTED,
            Self::Failed { .. } => Self::FAILED,
            Self::Adopted { .. } => Self::ADOPTED,
            Self::Rejected { .. } => Self::REJECTED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
