//! What the events of a draft add up to: what was asked, what came of it, and how it was decided.

use super::LOST_AFTER_MS;
use super::event::{DraftCost, WordingDraftEvent};
use super::task::DraftTask;
use crate::four_eyes::NobodyBecause;
use crate::time::Timestamp;
use serde::Serialize;
use std::fmt;
use values::ids::UserId;

/// What was asked of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedDraft {
    pub task: DraftTask,
    /// Nobody where the directory's own key was used.
    pub by: Option<UserId>,
    pub model: String,
    pub prompt: String,
    pub prompt_sha256: String,
    pub at: Timestamp,
}

/// What came of it.
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

/// How a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedDraft {
    Adopted(AdoptedDraft),
    Rejected(RejectedDraft),
}

/// Who took it, and into what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedDraft {
    pub from_version: u32,
    pub content_hash: String,
    pub by: Option<UserId>,
    pub nobody: Option<NobodyBecause>,
    pub at: Timestamp,
}

/// Who did not want it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedDraft {
    pub by: Option<UserId>,
    pub reason: String,
    pub at: Timestamp,
}

/// How a draft stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftStanding {
    /// A model is at it.
    Asked,
    /// Asked, and a process ended before an answer was kept: none will come.
    Lost,
    Drafted,
    Failed,
    Adopted,
    Rejected,
}

impl DraftStanding {
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

impl fmt::Display for DraftStanding {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.code())
    }
}

/// State of one draft.
#[derive(Debug, Clone, Default)]
pub struct WordingDraftState {
    asked: Option<Box<AskedDraft>>,
    outcome: Option<DraftOutcome>,
    decided: Option<DecidedDraft>,
}

impl WordingDraftState {
    pub fn asked(&self) -> Option<&AskedDraft> {
        self.asked.as_deref()
    }
    pub const fn outcome(&self) -> Option<&DraftOutcome> {
        self.outcome.as_ref()
    }
    pub const fn decided(&self) -> Option<&DecidedDraft> {
        self.decided.as_ref()
    }

    /// What was written, where it may be taken.
    pub fn text(&self) -> Option<&str> {
        match self.outcome.as_ref()? {
            DraftOutcome::Drafted { text, .. } => Some(text),
            DraftOutcome::Failed { .. } => None,
        }
    }

    /// How it stands; `None` of what nobody asked for.
    pub fn standing(&self, now: Timestamp) -> Option<DraftStanding> {
        let asked = self.asked()?;
        Some(match (&self.decided, &self.outcome) {
            (Some(DecidedDraft::Adopted(_)), _) => DraftStanding::Adopted,
            (Some(DecidedDraft::Rejected(_)), _) => DraftStanding::Rejected,
            (None, Some(DraftOutcome::Drafted { .. })) => DraftStanding::Drafted,
            (None, Some(DraftOutcome::Failed { .. })) => DraftStanding::Failed,
            (None, None) if now < asked.at.plus_ms(LOST_AFTER_MS) => DraftStanding::Asked,
            (None, None) => DraftStanding::Lost,
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
                self.asked = Some(Box::new(AskedDraft {
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
                nobody,
            } => {
                self.decided = Some(DecidedDraft::Adopted(AdoptedDraft {
                    from_version,
                    content_hash,
                    by: adopted_by,
                    nobody,
                    at,
                }));
            }
            WordingDraftEvent::Rejected { rejected_by, reason } => {
                self.decided = Some(DecidedDraft::Rejected(RejectedDraft {
                    by: rejected_by,
                    reason,
                    at,
                }));
            }
        }
    }
}
