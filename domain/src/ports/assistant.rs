//! The Assistant port: an external model that selects one of the ids it is offered.
//!
//! **Guarantees of every implementation.** The text it receives is masked already; it sends that text quoted,
//! as an utterance and not as an instruction. It answers within the given time, whatever the server does, and
//! sends one request. The answer is one JSON object of the agreed form or a failure; the caller checks that
//! the id is one of those offered. No implementation logs the text.

use crate::spoken_turn::PickKind;
use async_trait::async_trait;

/// One id that the assistant may select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantOption {
    pub id: String,
    /// The meaning of the id, in the words of the flow or the knowledge base.
    pub meaning: String,
}

/// A question to the assistant: an utterance and the ids it may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantQuestion {
    /// The language's BCP 47 tag.
    pub language: String,
    pub pick_of: PickKind,
    /// The callee's utterance, masked.
    pub said: String,
    pub options: Vec<AssistantOption>,
}

/// A request to the assistant: the complete body as it is sent, and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantPrompt {
    pub body: String,
    /// SHA-256 of the body, lower hex.
    pub sha256: String,
}

/// The assistant's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssistantPick {
    /// The selected id; `None` if the assistant found none that fits.
    pub choice: Option<String>,
    pub confidence_permille: Option<u16>,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
}

/// The reasons why an assistant or a wording writer gave no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssistantFailure {
    #[error("it took too long")]
    Late,
    #[error("its server cannot be reached")]
    Unreachable,
    #[error("its server refused the request")]
    Denied,
    #[error("its response does not have the agreed form")]
    Garbled,
    #[error("its response was cut off")]
    Cut,
    #[error("it picked an id that it was not offered")]
    Outside,
}

impl AssistantFailure {
    /// Returns the failure's stored name, as in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Denied => "denied",
            Self::Garbled => "garbled",
            Self::Cut => "cut",
            Self::Outside => "outside",
        }
    }
}

/// An external model that selects one of the offered ids for an utterance.
#[async_trait]
pub trait Assistant: Send + Sync {
    /// Returns the model's name as its server uses it.
    fn model(&self) -> &str;
    /// Returns the request body that `pick` sends for a question. The same question gives the same body.
    fn prompt(&self, question: &AssistantQuestion) -> AssistantPrompt;
    async fn pick(&self, prompt: &AssistantPrompt, within_ms: u64)
    -> Result<AssistantPick, AssistantFailure>;
}
