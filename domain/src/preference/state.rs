//! The state of a user's preferences, folded from its events: the last choice and the number of changes.

use super::chosen::Chosen;
use super::event::PreferenceEvent;

/// The state of one user's preferences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreferenceState {
    chosen: Chosen,
    changes: u32,
}

impl PreferenceState {
    /// Returns the current preferences; empty at first.
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
