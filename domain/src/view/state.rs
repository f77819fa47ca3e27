//! What a view's events add up to: the last rebuild that is on record, and whether its end is.

use super::event::ViewEvent;
use crate::time::Timestamp;

/// State of one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewState {
    begun_at: Option<Timestamp>,
    ended: bool,
}

impl ViewState {
    /// Whether the rebuild that was begun then, or one after it, is on record.
    pub fn has_begun(&self, begun_at: Timestamp) -> bool {
        self.begun_at.is_some_and(|last| last >= begun_at)
    }

    /// Whether its end is.
    pub fn has_ended(&self, begun_at: Timestamp) -> bool {
        self.begun_at
            .is_some_and(|last| last > begun_at || last == begun_at && self.ended)
    }

    pub(super) const fn apply(&mut self, event: &ViewEvent) {
        let (begun_at, ended) = match event {
            ViewEvent::RebuildBegun { begun_at, .. } => (*begun_at, false),
            ViewEvent::Switched { facts, .. } => (facts.begun_at, true),
            ViewEvent::RebuildCanceled { begun_at, .. } => (*begun_at, true),
        };
        (self.begun_at, self.ended) = (Some(begun_at), ended);
    }
}
