//! The events of a wording draft. Stored kinds and versions never change; new ones are added.

use super::task::DraftTask;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::ApprovalExemption;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum WordingDraftEvent {
    /// A model is about to be asked for another wording. After a crash from here on it is not asked again.
    #[serde(rename = "wording_draft.asked")]
    Asked {
        #[serde(flatten)]
        task: Box<DraftTask>,
        /// The user who asked. Absent if the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked_by: Option<UserId>,
        /// The model's name at its server.
        model: String,
        /// The full prompt.
        prompt: String,
        /// SHA-256 of the prompt, in lower-case hex.
        prompt_sha256: String,
    },
    /// The text that the model wrote. Calls do not use it until a user adopts it and publishes the version.
    #[serde(rename = "wording_draft.drafted")]
    Drafted {
        text: String,
        #[serde(flatten)]
        cost: DraftCost,
    },
    /// The model wrote nothing, or its text was refused.
    #[serde(rename = "wording_draft.failed")]
    Failed {
        /// `late`, `unreachable`, `denied`, `garbled`, `cut`: the request failed; `too_long`; `unchanged`;
        /// `placeholders`: one is missing or was added; `figures`: it names a number or day that its input
        /// does not have; `sensitive`: it has a word that ends calls; `personal`: it names a person.
        failure: String,
        /// The placeholders, figures or word that caused the refusal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// The model's text, masked and cut to its limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<String>,
        #[serde(flatten)]
        cost: DraftCost,
    },
    /// A user adopted the draft into a new version of the knowledge base. Calls use that version only after
    /// its publication.
    #[serde(rename = "wording_draft.adopted")]
    Adopted {
        /// The version that has the replaced answer.
        from_version: u32,
        /// Content hash of the new version.
        content_hash: String,
        /// The user who adopted. Absent if the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        adopted_by: Option<UserId>,
        /// Why no second person was needed. Absent if another user than the requester adopted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nobody: Option<ApprovalExemption>,
    },
    /// A user rejected the draft.
    #[serde(rename = "wording_draft.rejected")]
    Rejected {
        /// The user who rejected. Absent if the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<UserId>,
        reason: String,
    },
}

/// Duration and token counts of a request to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DraftCost {
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Event kinds as stored, one per variant. They never change.
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
