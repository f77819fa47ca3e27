//! The command of a setting: change its value.

use super::name::SettingName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingCommand {
    /// Sets the value from now on. If it is the current value, no event is stored.
    Change {
        name: SettingName,
        to: u64,
        reason: String,
    },
}

impl SettingCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Change { .. } => "setting.change",
        }
    }
}
