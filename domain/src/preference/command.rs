//! Requests to a user's preferences: be these from now on.

use super::chosen::Chosen;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreferenceCommand {
    /// The whole of them. So already: no event.
    Choose { chosen: Chosen },
}

impl PreferenceCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "preference.choose",
        }
    }
}
