//! The state of a view's rebuild record, folded from its events: the last rebuild, and whether it ended.

use super::event::ViewEvent;
use crate::time::Timestamp;

/// The state of one view's rebuilds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewState {
    begun_at: Option<Timestamp>,
    ended: bool,
}

impl ViewState {
    /// Returns true if the rebuild that began at this time, or a later one, is recorded.
    pub fn has_begun(&self, begun_at: Timestamp) -> bool {
        self.begun_at.is_some_and(|last| last >= begun_at)
    }

    /// Returns true if the end of the rebuild that began at this time, or a later rebuild, is recorded.
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
