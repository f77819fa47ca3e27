//! The command of a user's preferences: set all of them.

use super::user_preferences::UserPreferences;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "preference")]
pub enum PreferenceCommand {
    /// Sets all preferences. If nothing changes, no event is stored.
    Choose { chosen: UserPreferences },
}
