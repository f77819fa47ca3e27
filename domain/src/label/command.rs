//! The commands of a label: request labels for a turn, lock the turn for a user, add a label.

use super::event::{LabelValue, LabelWhy, LabeledTurn};

/// Most users who label a turn in the first round. A third one decides if the two differ.
pub const PEOPLE_MAX: u64 = 2;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "label")]
pub enum LabelCommand {
    /// A user reports that a turn was misheard or misunderstood.
    Request {
        turn: LabeledTurn,
        why: LabelWhy,
        by: String,
    },
    /// Locks the turn for a user for `OPEN_MS`.
    Open { turn: LabeledTurn, by: String },
    /// Adds a user's label. `people` is the number of users who label a turn.
    Add {
        turn: LabeledTurn,
        says: LabelValue,
        by: String,
        people: u64,
    },
}
