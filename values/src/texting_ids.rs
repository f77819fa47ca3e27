//! Ids of text conversations, messages, wording drafts, anonymous transcripts and summaries.

use crate::ids::{
    CallId, CommandId, CustomerId, DERIVED_HEX, EventId, InvalidId, NAMESPACE, derived_hex, text_id, uuid_id,
};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

uuid_id!(
    /// The id of a text conversation: UUIDv5 of the command that opened it, so that a repeated request gives
    /// the same one.
    ConversationId, "conversation"
);
uuid_id!(
    /// The id of a message to a customer: the id of the event that ordered it.
    MessageId, "message"
);

uuid_id!(
    /// The id of a wording draft: UUIDv5 of the command that asked for it, so that a repeated request gives
    /// the same one.
    WordingDraftId, "wording_draft"
);

text_id!(
    /// The id of an anonymous transcript: the first 128 bits, in lower-case hex, of an HMAC under a secret
    /// that is destroyed afterwards. It is also the name of the transcript's key.
    AnonymousTranscriptId, "anonymous_transcript", derived_hex, DERIVED_HEX, "5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"
);

uuid_id!(
    /// The id of a summary: the id of its call or conversation.
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
    /// Returns the id of the conversation that `command` opened.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("conversation:{command}").as_bytes(),
        ))
    }
}

impl WordingDraftId {
    /// Returns the id of the draft that `command` asked for.
    pub fn derive(command: CommandId) -> Self {
        Self(Uuid::new_v5(
            &NAMESPACE,
            format!("wording_draft:{command}").as_bytes(),
        ))
    }
}

impl MessageId {
    /// Returns the id of the message that `command` orders: the id of the command's first event.
    pub fn derive(command: CommandId) -> Self {
        Self(EventId::derive(command, 0).uuid())
    }
}

impl AnonymousTranscriptId {
    /// Returns the id of the transcript's encryption key in the key store. It has the form of a customer's
    /// id (32 hexadecimal digits) but equals no customer's.
    pub fn key(&self) -> CustomerId {
        let name = self.as_str().to_owned();
        name.try_into()
            .expect("both are 32 lower-case hexadecimal digits")
    }
}
