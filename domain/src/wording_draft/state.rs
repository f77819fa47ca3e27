//! The state of a wording draft, folded from its events: the request, its result and the decision.

use super::LOST_AFTER_MS;
use super::event::{DraftCost, WordingDraftEvent};
use super::task::DraftTask;
use crate::four_eyes::ApprovalExemption;
use crate::time::Timestamp;
use serde::Serialize;
use std::fmt;
use values::ids::UserId;

/// The request to a model for a wording draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedDraft {
    pub task: DraftTask,
    /// The user who asked. `None` if the directory's own key was used.
    pub by: Option<UserId>,
    pub model: String,
    pub prompt: String,
    pub prompt_sha256: String,
    pub at: Timestamp,
}

/// The result of the request: a text, or a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftOutcome {
    Drafted {
        text: String,
        cost: DraftCost,
    },
    Failed {
        failure: String,
        detail: Option<String>,
        output: Option<String>,
        cost: DraftCost,
    },
}

/// The decision of a user about a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftReview {
    Adopted(AdoptedDraft),
    Rejected(RejectedDraft),
}

/// The adoption of a draft: by which user, and the version that it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedDraft {
    pub from_version: u32,
    pub content_hash: String,
    pub by: Option<UserId>,
    pub exemption: Option<ApprovalExemption>,
    pub at: Timestamp,
}

/// The rejection of a draft: by which user, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedDraft {
    pub by: Option<UserId>,
    pub reason: String,
    pub at: Timestamp,
}

/// The status of a wording draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftStatus {
    /// A model was asked and has not answered yet.
    Asked,
    /// Asked, but the process ended before an answer was stored. None will follow.
    Lost,
    Drafted,
    Failed,
    Adopted,
    Rejected,
}

impl DraftStatus {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Lost => "lost",
            Self::Drafted => "drafted",
            Self::Failed => "failed",
            Self::Adopted => "adopted",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for DraftStatus {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.code())
    }
}

/// The state of one draft.
#[derive(Debug, Clone, Default)]
pub struct WordingDraftState {
    asked: Option<Box<RequestedDraft>>,
    outcome: Option<DraftOutcome>,
    decided: Option<DraftReview>,
}

impl WordingDraftState {
    pub fn asked(&self) -> Option<&RequestedDraft> {
        self.asked.as_deref()
    }
    pub const fn outcome(&self) -> Option<&DraftOutcome> {
        self.outcome.as_ref()
    }
    pub const fn decided(&self) -> Option<&DraftReview> {
        self.decided.as_ref()
    }

    /// Returns the text that a user can adopt; `None` if the model wrote none.
    pub fn text(&self) -> Option<&str> {
        match self.outcome.as_ref()? {
            DraftOutcome::Drafted { text, .. } => Some(text),
            DraftOutcome::Failed { .. } => None,
        }
    }

    /// Returns the status of the draft at `now`; `None` if it was never asked for.
    pub fn standing(&self, now: Timestamp) -> Option<DraftStatus> {
        let asked = self.asked()?;
        Some(match (&self.decided, &self.outcome) {
            (Some(DraftReview::Adopted(_)), _) => DraftStatus::Adopted,
            (Some(DraftReview::Rejected(_)), _) => DraftStatus::Rejected,
            (None, Some(DraftOutcome::Drafted { .. })) => DraftStatus::Drafted,
            (None, Some(DraftOutcome::Failed { .. })) => DraftStatus::Failed,
            (None, None) if now < asked.at.plus_ms(LOST_AFTER_MS) => DraftStatus::Asked,
            (None, None) => DraftStatus::Lost,
        })
    }

    pub(super) fn apply(&mut self, event: &WordingDraftEvent, at: Timestamp) {
        match event.clone() {
            WordingDraftEvent::Asked {
                task,
                asked_by,
                model,
                prompt,
                prompt_sha256,
            } => {
                self.asked = Some(Box::new(RequestedDraft {
                    task: *task,
                    by: asked_by,
                    model,
                    prompt,
                    prompt_sha256,
                    at,
                }));
            }
            WordingDraftEvent::Drafted { text, cost } => {
                self.outcome = Some(DraftOutcome::Drafted { text, cost });
            }
            WordingDraftEvent::Failed {
                failure,
                detail,
                output,
                cost,
            } => {
                self.outcome = Some(DraftOutcome::Failed {
                    failure,
                    detail,
                    output,
                    cost,
                });
            }
            WordingDraftEvent::Adopted {
                from_version,
                content_hash,
                adopted_by,
                nobody: exemption,
            } => {
                self.decided = Some(DraftReview::Adopted(AdoptedDraft {
                    from_version,
                    content_hash,
                    by: adopted_by,
                    exemption,
                    at,
                }));
            }
            WordingDraftEvent::Rejected { rejected_by, reason } => {
                self.decided = Some(DraftReview::Rejected(RejectedDraft {
                    by: rejected_by,
                    reason,
                    at,
                }));
            }
        }
    }
}
