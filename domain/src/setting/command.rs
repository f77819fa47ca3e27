//! Requests to a setting: be another value from now on.

use super::name::SettingName;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingCommand {
    /// So already: no event.
    Change {
        name: SettingName,
        to: u64,
        reason: String,
    },
}

impl SettingCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Change { .. } => "setting.change",
        }
    }
}
