//! The Writer port: an external model that writes text for users to read and to decide on.
//!
//! **Guarantees of every implementation.** The data it receives is masked already; it sends that quoted, as
//! data and not as an instruction. It answers within the given time, whatever the server does, sends one
//! request and logs no text. The result is one text, as it was written: the caller checks it against the
//! agreed form and trusts none of it. Nothing that it writes is ever spoken without a user's decision.

use super::assistant::{AssistantFailure, AssistantPrompt};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeSet;

/// A request to the external model that writes text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritingBrief {
    /// Name of the agreed form of the answer, for servers that need one.
    pub name: &'static str,
    /// The instruction; nothing in the quoted data changes it.
    pub orders: &'static str,
    /// The data that the instruction is about.
    pub quoted: Value,
    /// JSON Schema of the answer.
    pub schema: Value,
    pub answer_tokens_max: u32,
}

/// The text that the external model wrote, unchecked, with the token counts if the server gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriterAnswer {
    pub content: String,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
}

/// An external model that writes text for users.
#[async_trait]
pub trait Writer: Send + Sync {
    /// Returns the model's name as its server uses it.
    fn model(&self) -> &str;
    /// Returns the request body that `write` sends for a brief.
    fn prompt(&self, brief: &WritingBrief) -> AssistantPrompt;
    async fn write(&self, prompt: &AssistantPrompt, within_ms: u64)
    -> Result<WriterAnswer, AssistantFailure>;
}

/// Finds the numbers and days in a text. Answers from memory; equal texts have equal results.
pub trait Figures: Send + Sync {
    /// Returns each number and day of the text in one normal form, whether it is written in digits or in
    /// words.
    fn figures(&self, text: &str) -> BTreeSet<String>;
}
