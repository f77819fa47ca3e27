//! The origin of a person's value or tag: a user, a rule, a call or a list.

use serde::{Deserialize, Serialize};
use values::ids::{CallId, ConversationId, ListId};

/// Where the value of an attribute or a tag comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ProfileOrigin {
    /// A user, named in the envelope of the event.
    Person,
    /// A rule, by its name, with the reason that a user gave for it, if any.
    #[open(rule, reason)]
    Rule {
        rule: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The result of a call.
    Call { call: CallId },
    /// The result of a conversation in text.
    Conversation { conversation: ConversationId },
    /// A row of an imported list.
    Import { list: ListId },
}
