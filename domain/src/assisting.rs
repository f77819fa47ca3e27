//! What an assistant is asked in a call, and what it answered, as facts: which words decided stays on record,
//! and a replay asks nobody.

use crate::spoken_turn::PickOf;
use serde::{Deserialize, Serialize};

/// Most ids that an assistant is offered.
pub const OPTIONS_MAX: usize = 5;

/// Something was about to be asked of an assistant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistantAskedFact {
    pub node: String,
    pub pick_of: PickOf,
    /// As its server calls it.
    #[schemars(example = &"qwen2.5-7b-instruct")]
    pub model: String,
    /// SHA-256, lower hex, of all that was sent; what the callee said stands masked in it, and nowhere else.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub prompt_sha256: String,
    /// The ids it was offered, in their order.
    #[schemars(example = ["提前还款", "违约金"])]
    pub candidates: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistantAnsweredFact {
    pub node: String,
    pub pick_of: PickOf,
    /// One of the ids; absent where it said that none fits, or where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// As it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
    /// `late`, `unreachable`, `denied`, `garbled`, `cut` or `outside`: nothing was picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl AssistantAskedFact {
    /// Ids, a model and a hash: none of it is of a person. A new member is looked at here.
    pub const fn is_anonymous(&self) -> bool {
        let Self {
            node: _,
            pick_of: _,
            model: _,
            prompt_sha256: _,
            candidates: _,
        } = self;
        true
    }
}

impl AssistantAnsweredFact {
    /// An id of those offered, and figures. A new member is looked at here.
    pub const fn is_anonymous(&self) -> bool {
        let Self {
            node: _,
            pick_of: _,
            choice: _,
            confidence_permille: _,
            took_ms: _,
            prompt_tokens: _,
            answer_tokens: _,
            failure: _,
        } = self;
        true
    }
}
