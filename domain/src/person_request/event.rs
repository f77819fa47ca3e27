//! The events of a person request. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use super::wish::{AnswerKind, Wish};
use crate::case::Deadline;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CustomerId, EventId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum PersonRequestEvent {
    /// A person made a request about their personal data.
    #[serde(rename = "person_request.received")]
    #[open(channel, note)]
    Received {
        wish: Wish,
        customer: CustomerId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        received_at: Timestamp,
        deadline: Deadline,
    },
    /// The request was answered: carried out, or refused with a reason.
    #[serde(rename = "person_request.answered")]
    #[open(note)]
    Answered {
        answer: AnswerKind,
        note: String,
        /// The event that carried it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done_by: Option<EventId>,
    },
}
