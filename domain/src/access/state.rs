//! The state of an access record, folded from its events: the time of the last event.

use super::event::AccessEvent;
use crate::time::Timestamp;

/// The state of one access record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessState {
    last_at: Option<Timestamp>,
}

impl AccessState {
    pub(super) const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    pub(super) const fn apply(&mut self, event: &AccessEvent, at: Timestamp) {
        match event {
            AccessEvent::Refused { .. } => self.last_at = Some(at),
        }
    }
}
