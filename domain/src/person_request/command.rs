//! Requests to a person's request: it is received, and answered.

use super::wish::{AnswerKind, Wish};
use crate::time::Timestamp;
use values::ids::{CustomerId, EventId};

/// A person asked for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiving {
    pub wish: Wish,
    pub customer: CustomerId,
    /// By which way it came, such as `hotline`.
    pub channel: Option<String>,
    pub note: Option<String>,
    /// When it came in; the deadline counts from there.
    pub received_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonRequestCommand {
    Receive(Receiving),
    Answer {
        answer: AnswerKind,
        note: String,
        /// What did it: an erasure, a hold, a read on record.
        done_by: Option<EventId>,
    },
}

impl PersonRequestCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Receive(_) => "person_request.receive",
            Self::Answer { .. } => "person_request.answer",
        }
    }
}
