//! Requests to the record of somebody's refused attempts.

use super::event::RefusedFacts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessCommand {
    /// So many attempts were refused since the last that were told of.
    Refuse { facts: RefusedFacts },
}

impl AccessCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Refuse { .. } => "access.refuse",
        }
    }
}
