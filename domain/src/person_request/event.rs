//! Facts about one request of a person. Stored kinds and versions; never changed, only added to. Who
//! acted stands in the envelope.

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
    /// A person asked for something about their own data.
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
    /// It is answered: done, or not and why.
    #[serde(rename = "person_request.answered")]
    Answered {
        answer: AnswerKind,
        note: String,
        /// The event that did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done_by: Option<EventId>,
    },
}

/// Stored kinds, each named for its variant. They never change.
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
