//! Ids of what is written: conversations in text, messages to persons, drafts of wording, and what is kept
//! of words without whoever said them.

use crate::ids::{
    CallId, CommandId, CustomerId, DERIVED_HEX, EventId, InvalidId, NAMESPACE, derived_hex, text_id, uuid_id,
};
use serde::{Deserialize, Serialize, Serializer};
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

uuid_id!(
    /// One draft of wording: UUIDv5 of the command that asked for it, so that a repeated request is it.
    WordingDraftId, "wording_draft"
);

text_id!(
    /// One anonymous transcript: first 128 bits, lower hex, of an HMAC under a secret that is destroyed
    /// afterwards. It also names the transcript's key.
    AnonymousTranscriptId, "anonymous_transcript", derived_hex, DERIVED_HEX, "5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"
);

uuid_id!(
    /// One summary: its call's or its conversation's own id.
    SummaryId, "summary"
);

impl From<CallId> for SummaryId {
    fn from(call: CallId) -> Self {
        Self(call.uuid())
    }
}

impl From<ConversationId> for SummaryId {
    fn from(conversation: ConversationId) -> Self {
        Self(conversation.0)
    }
}

impl ConversationId {
    /// The conversation that `command` opened.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("conversation:{command}").as_bytes(),
        ))
    }
}

impl WordingDraftId {
    /// The draft that `command` asked for.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("wording_draft:{command}").as_bytes(),
        ))
    }
}

impl MessageId {
    /// The message that `command` orders.
    pub fn derive(command: CommandId) -> Self {
        Self(EventId::derive(command, 0).uuid())
    }
}

impl AnonymousTranscriptId {
    /// The name of its key. Keys are named as persons are, by 32 hexadecimal digits; nobody's are these.
    pub fn key(&self) -> CustomerId {
        let name = self.as_str().to_owned();
        name.try_into()
            .expect("both are 32 lower-case hexadecimal digits")
    }
}
