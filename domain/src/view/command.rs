//! What was done to the rows of a view, to be put on record. Saying it again adds nothing.

use super::event::SwitchFacts;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewCommand {
    /// Next rows were begun.
    Rebuild {
        version: u32,
        begun_at: Timestamp,
        by: Option<String>,
    },
    /// They were put in the place of the live ones.
    Switch {
        facts: SwitchFacts,
        /// Why rows that differ were put in place.
        accepted_differences: Option<String>,
        by: Option<String>,
    },
    /// They were dropped.
    Cancel { begun_at: Timestamp, by: Option<String> },
}

impl ViewCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Rebuild { .. } => "view.rebuild",
            Self::Switch { .. } => "view.switch",
            Self::Cancel { .. } => "view.cancel",
        }
    }
}
