//! What the record of somebody's refused attempts adds up to: when the last event was.

use super::event::AccessEvent;
use crate::time::Timestamp;

/// State of one such record.
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
