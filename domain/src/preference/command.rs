//! The command of a user's preferences: set all of them.

use super::user_preferences::UserPreferences;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreferenceCommand {
    /// Sets all preferences. If nothing changes, no event is stored.
    Choose { chosen: UserPreferences },
}

impl PreferenceCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "preference.choose",
        }
    }
}
