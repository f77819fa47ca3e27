//! The facts of a question to the assistant and its answer in a call. They are stored, so that a replay asks
//! no service.

use crate::spoken_turn::PickKind;
use serde::{Deserialize, Serialize};

/// The most ids that an assistant is offered for one utterance.
pub const OPTIONS_MAX: usize = 5;

/// A question to the assistant, stored before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(node, model, prompt_sha256, candidates)]
pub struct AssistantAskedFact {
    pub node: String,
    pub pick_of: PickKind,
    /// Name of the model as its server uses it.
    #[schemars(example = &"qwen2.5-7b-instruct")]
    pub model: String,
    /// SHA-256, lower hex, of the whole request; only the request contains the callee's words, masked.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub prompt_sha256: String,
    /// The offered ids, in order.
    #[schemars(example = ["提前还款", "违约金"])]
    pub candidates: Vec<String>,
}

/// The assistant's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(
    node,
    choice,
    confidence_permille,
    took_ms,
    prompt_tokens,
    answer_tokens,
    failure
)]
pub struct AssistantAnsweredFact {
    pub node: String,
    pub pick_of: PickKind,
    /// The picked id; absent if none fits or the request failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The model's own confidence, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
    /// Class of the failure, if nothing was picked: `late`, `unreachable`, `denied`, `garbled`, `cut` or
    /// `outside`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl AssistantAskedFact {
    /// Returns true: ids, a model and a hash do not identify a person. Every member is named here, so that a
    /// new one has to be judged.
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
    /// Returns true: an offered id and figures do not identify a person. Every member is named here, so that
    /// a new one has to be judged.
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
