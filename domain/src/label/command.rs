//! Requests to a label: put the turn before people, hand it to one of them, take what they say.

use super::event::{LabelSays, LabelWhy, LabelledTurn};

/// More than two people are never asked of a turn; a third settles where two differ.
pub const PEOPLE_MAX: u64 = 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelCommand {
    /// Somebody says that this turn was not heard or understood rightly.
    Request {
        turn: LabelledTurn,
        why: LabelWhy,
        by: String,
    },
    /// Hand it to somebody for a while.
    Open { turn: LabelledTurn, by: String },
    /// What somebody says of it; `people` are asked of a turn.
    Add {
        turn: LabelledTurn,
        says: LabelSays,
        by: String,
        people: u64,
    },
}

impl LabelCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Request { .. } => "label.request",
            Self::Open { .. } => "label.open",
            Self::Add { .. } => "label.add",
        }
    }
}
