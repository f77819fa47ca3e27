//! The state of an emergency stop, folded from its events: engaged or not, since when, why, and with hang-up
//! or not.

use super::event::StopEvent;
use crate::time::Timestamp;

/// The state of one stop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopState {
    engaged: Option<ActiveStop>,
}

/// An emergency stop that is engaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveStop {
    /// When it was first engaged. A further `stop.engaged` does not change it.
    pub since: Timestamp,
    /// The reason of the last `stop.engaged`.
    pub reason: String,
    pub hang_up: bool,
}

impl StopState {
    /// Returns the stop if it is engaged; `None` if it was never engaged or is lifted.
    pub const fn engaged(&self) -> Option<&ActiveStop> {
        self.engaged.as_ref()
    }

    pub(super) fn apply(&mut self, event: &StopEvent, at: Timestamp) {
        match event {
            StopEvent::Engaged { reason, hang_up, .. } => {
                let since = self.engaged.as_ref().map_or(at, |engaged| engaged.since);
                self.engaged = Some(ActiveStop {
                    since,
                    reason: reason.clone(),
                    hang_up: *hang_up,
                });
            }
            StopEvent::Lifted { .. } => self.engaged = None,
        }
    }
}
