//! The command of an access record: record refused attempts.

use super::event::RefusedFacts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessCommand {
    /// Records the attempts that were refused since the last event.
    Refuse { facts: RefusedFacts },
}

impl AccessCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Refuse { .. } => "access.refuse",
        }
    }
}
