//! What the events of a saved report add up to: its plan, whose it is, and the last that was sent.

use super::event::{SavedReportEvent, Sending, SendingFault};
use super::plan::ReportPlan;
use crate::time::Timestamp;
use values::ids::UserId;

/// State of one saved report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedReportState {
    saved: Option<Saved>,
    /// A later plan of the same name is sent for no time that an earlier one was sent for.
    last_due: Option<Timestamp>,
    last: Option<(Timestamp, Box<Sending>)>,
    owner_lost: bool,
    /// Whose the one was that is none any more.
    removed_of: Option<Option<UserId>>,
}

/// A plan that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub plan: Box<ReportPlan>,
    pub owner: Option<UserId>,
    /// It is sent for times after this.
    pub since: Timestamp,
}

impl SavedReportState {
    /// What it is; none where it was removed or never was.
    pub const fn saved(&self) -> Option<&Saved> {
        self.saved.as_ref()
    }

    /// Whether it was theirs until it was removed.
    pub fn was_of(&self, user: Option<&UserId>) -> bool {
        self.removed_of
            .as_ref()
            .is_some_and(|owner| owner.as_ref() == user)
    }

    /// The last that was sent, and when.
    pub fn last(&self) -> Option<(Timestamp, &Sending)> {
        self.last.as_ref().map(|(at, sending)| (*at, &**sending))
    }

    /// Whether nothing was sent the last time because the owner lost the right, and the owner is still the
    /// same.
    pub const fn is_owner_lost(&self) -> bool {
        self.owner_lost
    }

    /// The time for which it is to be sent now: the last one, where that came after it was saved and it was
    /// not sent for it. What was missed before that one stays missed.
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        let saved = self.saved.as_ref()?;
        let due = saved.plan.last_due(now)?;
        (due > saved.since && !self.is_sent_for(due)).then_some(due)
    }

    pub(super) fn is_sent_for(&self, due: Timestamp) -> bool {
        self.last_due.is_some_and(|last| due <= last)
    }

    pub(super) fn apply(&mut self, event: &SavedReportEvent, at: Timestamp) {
        match event {
            SavedReportEvent::Saved { plan, owner } => {
                self.removed_of = None;
                self.owner_lost = false;
                self.saved = Some(Saved {
                    plan: plan.clone(),
                    owner: owner.clone(),
                    since: at,
                });
            }
            SavedReportEvent::Sent { sending } => {
                self.last_due = self.last_due.max(sending.due);
                self.owner_lost = sending.fault == Some(SendingFault::Owner);
                self.last = Some((at, sending.clone()));
            }
            SavedReportEvent::TakenOver { owner, .. } => {
                self.owner_lost = false;
                if let Some(saved) = &mut self.saved {
                    saved.owner.clone_from(owner);
                }
            }
            SavedReportEvent::Removed {} => {
                self.removed_of = self.saved.take().map(|saved| saved.owner);
                self.last = None;
                self.owner_lost = false;
            }
        }
    }
}
