//! The state of a turn's labels, folded from its events: the lock, the labels and the settlement.

use super::event::{LabelEvent, LabelValue, SettledBy};
use crate::time::Timestamp;

/// The state of one turn that users label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelState {
    requested: bool,
    open: Option<(String, Timestamp)>,
    labels: Vec<(String, LabelValue)>,
    settled: Option<(LabelValue, SettledBy)>,
}

impl LabelState {
    pub const fn is_requested(&self) -> bool {
        self.requested
    }
    /// Returns the user with the lock on the turn, and the end of the lock; `None` if it is not locked at
    /// `now`.
    pub fn open_at(&self, now: Timestamp) -> Option<(&str, Timestamp)> {
        let open = self.open.as_ref().filter(|(_, until)| *until > now);
        open.map(|(by, until)| (by.as_str(), *until))
    }
    /// Returns the users who labelled the turn with their labels, in order.
    pub fn labels(&self) -> &[(String, LabelValue)] {
        &self.labels
    }
    pub fn said_by(&self, by: &str) -> Option<&LabelValue> {
        let found = self.labels.iter().find(|(who, _)| who == by);
        found.map(|(_, says)| says)
    }
    pub const fn settled(&self) -> Option<&(LabelValue, SettledBy)> {
        self.settled.as_ref()
    }

    pub(super) fn apply(&mut self, event: &LabelEvent) {
        match event {
            LabelEvent::Requested { .. } => self.requested = true,
            LabelEvent::Opened { by, until, .. } => self.open = Some((by.clone(), *until)),
            LabelEvent::Added { by, says, .. } => {
                self.labels.push((by.clone(), says.clone()));
                self.open = None;
            }
            LabelEvent::Settled { says, settled_by, .. } => self.settled = Some((says.clone(), *settled_by)),
        }
    }
}
