//! What a stop's events add up to: whether it is engaged, since when, why, and whether it hangs up.

use super::event::StopEvent;
use crate::time::Timestamp;

/// State of one stop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopState {
    engaged: Option<Engaged>,
}

/// A stop that is engaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engaged {
    /// When it was first engaged: engaging it again does not begin it anew.
    pub since: Timestamp,
    /// Of the last time it was engaged.
    pub reason: String,
    pub hang_up: bool,
}

impl StopState {
    /// The stop while it is engaged.
    pub const fn engaged(&self) -> Option<&Engaged> {
        self.engaged.as_ref()
    }

    pub(super) fn apply(&mut self, event: &StopEvent, at: Timestamp) {
        match event {
            StopEvent::Engaged { reason, hang_up, .. } => {
                let since = self.engaged.as_ref().map_or(at, |engaged| engaged.since);
                self.engaged = Some(Engaged {
                    since,
                    reason: reason.clone(),
                    hang_up: *hang_up,
                });
            }
            StopEvent::Lifted { .. } => self.engaged = None,
        }
    }
}
