//! The Assistant port: somebody outside who picks one of the ids they are offered.
//!
//! **What every implementation promises.** What it is handed is masked already; it sends that quoted, as what
//! somebody said and not as what is to be done. It answers within the time it is given, whatever the other
//! side does; it asks once. What is answered is one JSON object of the agreed form or a failure; whether the
//! id is one of those offered is looked at by whoever asked. It logs no word.

use crate::spoken_turn::PickOf;
use async_trait::async_trait;

/// One id that may be picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantOption {
    pub id: String,
    /// What it stands for, in the flow's or the base's own words.
    pub meaning: String,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantQuestion {
    /// BCP 47.
    pub language: String,
    pub pick_of: PickOf,
    /// What the callee said, masked.
    pub said: String,
    pub options: Vec<AssistantOption>,
}

/// All that is sent, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssistantPrompt {
    pub body: String,
    /// SHA-256 of it, lower hex.
    pub sha256: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssistantPick {
    /// `None` where none of them fits.
    pub choice: Option<String>,
    pub confidence_permille: Option<u16>,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
}

/// Why nothing was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssistantFailure {
    #[error("it took too long")]
    Late,
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it refused the request")]
    Denied,
    #[error("it answered something else than was agreed")]
    Garbled,
    #[error("its response was cut off")]
    Cut,
    #[error("it picked what it was not offered")]
    Outside,
}

impl AssistantFailure {
    /// As events name it.
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

/// Picks.
#[async_trait]
pub trait Assistant: Send + Sync {
    /// The model, as its server calls it.
    fn model(&self) -> &str;
    /// What would be sent.
    fn prompt(&self, question: &AssistantQuestion) -> AssistantPrompt;
    async fn pick(&self, prompt: &AssistantPrompt, within_ms: u64)
    -> Result<AssistantPick, AssistantFailure>;
}
