//! The events of a person request. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use super::wish::{AnswerKind, Wish};
use crate::case::Deadline;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CustomerId, EventId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum PersonRequestEvent {
    /// A person made a request about their personal data.
    #[serde(rename = "person_request.received")]
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
    Answered {
        answer: AnswerKind,
        note: String,
        /// The event that carried it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done_by: Option<EventId>,
    },
}

/// Event kinds as stored, one per variant. They never change.
impl PersonRequestEvent {
    pub const RECEIVED: &'static str = "person_request.received";
    pub const ANSWERED: &'static str = "person_request.answered";
}

impl EventData for PersonRequestEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Received { .. } => Self::RECEIVED,
            Self::Answered { .. } => Self::ANSWERED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
