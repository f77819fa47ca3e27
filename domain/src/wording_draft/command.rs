//! The commands of a wording draft: a model is asked, its answer is stored, and a user adopts or rejects it.

use super::answer_parser::FailedDraft;
use super::event::DraftCost;
use super::task::DraftTask;
use crate::four_eyes::ApprovalExemption;
use values::ids::UserId;

/// The request to a model, stored before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftGenerationRequest {
    pub task: DraftTask,
    /// The user who asked. `None` if the directory's own key was used.
    pub by: Option<UserId>,
    pub sent: DraftPrompt,
}

/// The model and the full prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPrompt {
    pub model: String,
    pub prompt: String,
    pub prompt_sha256: String,
}

/// A user's adoption of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftAdoption {
    /// The user who adopts. `None` if the directory's own key was used.
    pub by: Option<UserId>,
    /// The reason why no second person was needed, if the requester adopts.
    pub exemption: Option<ApprovalExemption>,
    /// The knowledge base version that has the answer to be replaced.
    pub from_version: u32,
    /// Content hash of the new version.
    pub content_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "wording_draft")]
pub enum WordingDraftCommand {
    /// Records the request. If the draft was asked for already, no event is stored and the model is not asked
    /// again.
    Ask(Box<DraftGenerationRequest>),
    /// Stores a text that passed the checks.
    Keep { text: String, cost: DraftCost },
    /// Records that the model wrote nothing, or that its text was refused.
    Fail { no_draft: FailedDraft, cost: DraftCost },
    /// Adopts the draft. If it was adopted into the same version, no event is stored.
    Adopt(Box<DraftAdoption>),
    /// Rejects the draft. If it was rejected already, no event is stored.
    Reject { by: Option<UserId>, reason: String },
}
