//! Ids of what is written instead of said: conversations in text, and messages to persons.

use crate::ids::{CommandId, EventId, InvalidId, NAMESPACE, uuid_id};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

uuid_id!(
    /// One conversation in text: UUIDv5 of the command that opened it, so that a repeated request is it.
    ConversationId, "conversation"
);
uuid_id!(
    /// One message to a person: the id of the event that orders it, so that it is found by it.
    MessageId, "message"
);

impl ConversationId {
    /// The conversation that `command` opened.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("conversation:{command}").as_bytes(),
        ))
    }
}

impl MessageId {
    /// The message that `command` orders.
    pub fn derive(command: CommandId) -> Self {
        Self(EventId::derive(command, 0).uuid())
    }
}
