//! The events of a wording draft. Stored kinds and versions never change; new ones are added.

use super::task::DraftTask;
use crate::four_eyes::ApprovalExemption;
use serde::{Deserialize, Serialize};
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum WordingDraftEvent {
    /// A model is about to be asked for another wording. After a crash from here on it is not asked again.
    #[serde(rename = "wording_draft.asked")]
    #[open(model, prompt, prompt_sha256)]
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
    #[open(text)]
    Drafted {
        text: String,
        #[serde(flatten)]
        cost: DraftCost,
    },
    /// The model wrote nothing, or its text was refused.
    #[serde(rename = "wording_draft.failed")]
    #[open(failure, detail, output)]
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
    #[open(from_version, content_hash)]
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
    #[open(reason)]
    Rejected {
        /// The user who rejected. Absent if the directory's own key was used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<UserId>,
        reason: String,
    },
}

/// Duration and token counts of a request to a model.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[open(took_ms, prompt_tokens, answer_tokens)]
pub struct DraftCost {
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}
