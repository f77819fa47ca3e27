//! The state of a saved report, folded from its events: its plan, its owner and the last sending.

use super::event::{ReportSending, SavedReportEvent, SendingFault};
use super::plan::ReportPlan;
use crate::time::Timestamp;
use values::ids::UserId;

/// The state of one saved report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedReportState {
    saved: Option<SavedPlan>,
    /// Last due time that was handled. A later plan of the same name is not sent for it again.
    last_due: Option<Timestamp>,
    last: Option<(Timestamp, Box<ReportSending>)>,
    owner_lost: bool,
    /// The owner of the report that was removed last.
    removed_of: Option<Option<UserId>>,
}

/// The plan of a saved report that is in force, with its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPlan {
    pub plan: Box<ReportPlan>,
    pub owner: Option<UserId>,
    /// The report is sent for due times after this.
    pub since: Timestamp,
}

impl SavedReportState {
    /// Returns the plan of the report; `None` if it was removed or never saved.
    pub const fn saved(&self) -> Option<&SavedPlan> {
        self.saved.as_ref()
    }

    /// Returns true if the report was removed and belonged to this user until then.
    pub fn was_of(&self, user: Option<&UserId>) -> bool {
        self.removed_of
            .as_ref()
            .is_some_and(|owner| owner.as_ref() == user)
    }

    /// Returns the last sending of the report and its time; `None` if it was never sent.
    pub fn last(&self) -> Option<(Timestamp, &ReportSending)> {
        self.last.as_ref().map(|(at, sending)| (*at, &**sending))
    }

    /// Returns true if the last sending failed because the owner lost the permission, and the owner is
    /// still the same.
    pub const fn is_owner_lost(&self) -> bool {
        self.owner_lost
    }

    /// Returns the due time for which the report is to be sent now; `None` if it is not due. It is the
    /// schedule's last due time, if it is after the save and was not sent for; missed ones before it are
    /// skipped.
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
                self.saved = Some(SavedPlan {
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
