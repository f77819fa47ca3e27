//! The commands of a view's rebuild record. A repeated command stores no event.

use super::event::SwitchFacts;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "view")]
pub enum ViewCommand {
    /// Records that a shadow rebuild began.
    Rebuild {
        version: u32,
        begun_at: Timestamp,
        by: Option<String>,
    },
    /// Records that the new rows replaced the live ones.
    Switch {
        facts: SwitchFacts,
        /// The reason for replacing rows that differ.
        accepted_differences: Option<String>,
        by: Option<String>,
    },
    /// Records that the new rows were dropped.
    Cancel { begun_at: Timestamp, by: Option<String> },
}
