//! What the events of a user's preferences add up to: the last choice, and how often one was made.

use super::chosen::Chosen;
use super::event::PreferenceEvent;

/// State of one user's preferences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreferenceState {
    chosen: Chosen,
    changes: u32,
}

impl PreferenceState {
    /// What is chosen; nothing at first.
    pub const fn chosen(&self) -> Chosen {
        self.chosen
    }

    pub(super) const fn changes(&self) -> u32 {
        self.changes
    }

    pub(super) const fn apply(&mut self, event: &PreferenceEvent) {
        match event {
            PreferenceEvent::Changed { chosen } => {
                self.chosen = *chosen;
                self.changes = self.changes.saturating_add(1);
            }
        }
    }
}
