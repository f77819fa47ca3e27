//! What a turn's labels add up to: who has it open, who said what of it, and whether it is settled.

use super::event::{LabelEvent, LabelSays, SettledBy};
use crate::time::Timestamp;

/// State of one turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelState {
    requested: bool,
    open: Option<(String, Timestamp)>,
    labels: Vec<(String, LabelSays)>,
    settled: Option<(LabelSays, SettledBy)>,
}

impl LabelState {
    pub const fn is_requested(&self) -> bool {
        self.requested
    }
    /// Who has it open, and until when, as long as that lasts.
    pub fn open_at(&self, now: Timestamp) -> Option<(&str, Timestamp)> {
        let open = self.open.as_ref().filter(|(_, until)| *until > now);
        open.map(|(by, until)| (by.as_str(), *until))
    }
    /// Who said what of it, in order.
    pub fn labels(&self) -> &[(String, LabelSays)] {
        &self.labels
    }
    pub fn said_by(&self, by: &str) -> Option<&LabelSays> {
        let found = self.labels.iter().find(|(who, _)| who == by);
        found.map(|(_, says)| says)
    }
    pub const fn settled(&self) -> Option<&(LabelSays, SettledBy)> {
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
