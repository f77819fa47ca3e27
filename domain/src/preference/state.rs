//! The state of a user's preferences, folded from its events: the last choice and the number of changes.

use super::event::PreferenceEvent;
use super::user_preferences::UserPreferences;

/// The state of one user's preferences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreferenceState {
    chosen: UserPreferences,
    changes: u32,
}

impl PreferenceState {
    /// Returns the user's current preferences; empty before the first choice.
    pub const fn chosen(&self) -> UserPreferences {
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
