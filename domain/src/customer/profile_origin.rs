//! Where a value or a tag of a person comes from: a person, a rule, a call or a list.

use serde::{Deserialize, Serialize};
use values::ids::{CallId, ConversationId, ListId};

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ProfileOrigin {
    /// Somebody, whom the envelope names.
    Person,
    /// A rule, by its name; why somebody let it say so, where they did.
    Rule {
        rule: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// What became of a call.
    Call { call: CallId },
    /// What became of a conversation in text.
    Conversation { conversation: ConversationId },
    /// A row of a list.
    Import { list: ListId },
}
