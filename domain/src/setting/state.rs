//! What a setting's events add up to: its value, where somebody has changed it.

use super::event::SettingEvent;
use super::name::SettingName;

/// State of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingState {
    changed_to: Option<u64>,
}

impl SettingState {
    /// Its value: what it was changed to, or its default.
    pub fn value(&self, name: SettingName) -> u64 {
        self.changed_to.unwrap_or_else(|| name.default_value())
    }

    pub(super) const fn apply(&mut self, event: &SettingEvent) {
        match event {
            SettingEvent::Changed { after, .. } => self.changed_to = Some(*after),
        }
    }
}
