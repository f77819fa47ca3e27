//! The state of a setting, folded from its events: its value, if it was changed.

use super::event::SettingEvent;
use super::name::SettingName;

/// The state of one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingState {
    changed_to: Option<u64>,
}

impl SettingState {
    /// Returns the current value of the setting `name`: the last change, else the default.
    pub fn value(&self, name: SettingName) -> u64 {
        self.changed_to.unwrap_or_else(|| name.default_value())
    }

    pub(super) const fn apply(&mut self, event: &SettingEvent) {
        match event {
            SettingEvent::Changed { after, .. } => self.changed_to = Some(*after),
        }
    }
}
