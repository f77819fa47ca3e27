//! The command of an access record: record refused attempts.

use super::event::RefusedFacts;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "access")]
pub enum AccessCommand {
    /// Records the attempts that were refused since the last event.
    Refuse { facts: RefusedFacts },
}
