//! Requests to one draft: a model is about to be asked, what it wrote, and what people make of it.

use super::event::DraftCost;
use super::reading::NoDraft;
use super::task::DraftTask;
use crate::four_eyes::NobodyBecause;
use values::ids::UserId;

/// What is on record before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskingForDraft {
    pub task: DraftTask,
    /// Nobody where the directory's own key was used.
    pub by: Option<UserId>,
    pub sent: DraftedBy,
}

/// Who is asked, and all that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftedBy {
    pub model: String,
    pub prompt: String,
    pub prompt_sha256: String,
}

/// A person takes what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopting {
    /// Nobody where the directory's own key was used.
    pub by: Option<UserId>,
    /// Why no second person stands behind it, where none does.
    pub nobody: Option<NobodyBecause>,
    /// The version whose answer it takes the place of.
    pub from_version: u32,
    /// Of the version that it makes.
    pub content_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordingDraftCommand {
    /// Asked already: answered without an event, and nobody is asked again.
    Ask(Box<AskingForDraft>),
    /// It wrote what may be kept.
    Keep { text: String, cost: DraftCost },
    /// It wrote nothing, or what may not be kept.
    Fail { no_draft: NoDraft, cost: DraftCost },
    /// Adopted into the same version already: answered without an event.
    Adopt(Box<Adopting>),
    /// Rejected already: answered without an event.
    Reject { by: Option<UserId>, reason: String },
}

impl WordingDraftCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ask(_) => "wording_draft.ask",
            Self::Keep { .. } => "wording_draft.keep",
            Self::Fail { .. } => "wording_draft.fail",
            Self::Adopt(_) => "wording_draft.adopt",
            Self::Reject { .. } => "wording_draft.reject",
        }
    }
}
