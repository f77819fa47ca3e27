//! The state of a complaint, folded from its events: content, deadline, owner and outcome.

use super::event::ComplaintEvent;
use super::source::{ComplaintOutcome, ComplaintSource};
use crate::case::{CaseAbout, Deadline};
use crate::time::Timestamp;

/// The state of one complaint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComplaintState {
    opened: Option<OpenedComplaint>,
    resolved: Option<ResolvedComplaint>,
}

/// The content of a complaint, as opened, with its current owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedComplaint {
    pub source: ComplaintSource,
    pub about: CaseAbout,
    pub reference: Option<String>,
    pub what: String,
    pub received_at: Timestamp,
    pub opened_at: Timestamp,
    pub deadline: Deadline,
    pub owner: Option<String>,
}

/// The resolution of a complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedComplaint {
    pub outcome: ComplaintOutcome,
    pub note: String,
    pub at: Timestamp,
}

impl ComplaintState {
    pub const fn opened(&self) -> Option<&OpenedComplaint> {
        self.opened.as_ref()
    }

    pub const fn resolved(&self) -> Option<&ResolvedComplaint> {
        self.resolved.as_ref()
    }

    /// Returns true if the complaint was resolved after its deadline, or is unresolved at `now` and the
    /// deadline has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let answered_at = self.resolved.as_ref().map_or(now, |resolved| resolved.at);
        let opened = self.opened.as_ref();
        opened.is_some_and(|opened| opened.deadline.has_passed(answered_at))
    }

    pub(super) fn apply(&mut self, event: &ComplaintEvent, at: Timestamp) {
        match event {
            ComplaintEvent::Opened {
                source,
                about,
                reference,
                what,
                received_at,
                deadline,
                owner,
            } => {
                self.opened = Some(OpenedComplaint {
                    source: *source,
                    about: about.clone(),
                    reference: reference.clone(),
                    what: what.clone(),
                    received_at: *received_at,
                    opened_at: at,
                    deadline: deadline.clone(),
                    owner: owner.clone(),
                });
            }
            ComplaintEvent::Assigned { to, .. } => {
                if let Some(opened) = &mut self.opened {
                    opened.owner = Some(to.clone());
                }
            }
            ComplaintEvent::Resolved { outcome, note } => {
                self.resolved = Some(ResolvedComplaint {
                    outcome: *outcome,
                    note: note.clone(),
                    at,
                });
            }
        }
    }
}
