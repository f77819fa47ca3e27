//! The command of a setting: change its value.

use super::name::SettingName;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "setting")]
pub enum SettingCommand {
    /// Sets the value from now on. If it is the current value, no event is stored.
    Change {
        name: SettingName,
        to: u64,
        reason: String,
    },
}
