//! The commands of a person request: receive it, and answer it.

use super::wish::{AnswerKind, Wish};
use crate::time::Timestamp;
use values::ids::{CustomerId, EventId};

/// The data of a request that a person made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRequestInput {
    pub wish: Wish,
    pub customer: CustomerId,
    /// The channel through which it came, such as `hotline`.
    pub channel: Option<String>,
    pub note: Option<String>,
    /// Time at which the request was received. The deadline counts from it.
    pub received_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "person_request")]
pub enum PersonRequestCommand {
    Receive(PersonRequestInput),
    Answer {
        answer: AnswerKind,
        note: String,
        /// The event that carried it out: an erasure, a restriction, or a recorded read.
        done_by: Option<EventId>,
    },
}
