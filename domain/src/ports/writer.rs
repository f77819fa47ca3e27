//! The Writer port: somebody outside who words what they are handed, for people to read and to decide on.
//!
//! **What every implementation promises.** What it is handed is masked already; it sends that quoted, as data
//! and not as what is to be done. It answers within the time it is given, whatever the other side does; it
//! asks once and logs no word. What comes back is one text, as it was written: whoever asked reads it by the
//! form that was agreed and believes nothing of it. Nothing that is written is ever spoken by itself.

use super::assistant::{AssistantFailure, AssistantPrompt};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritingBrief {
    /// Of the agreed form, for servers that want it named.
    pub name: &'static str,
    /// What is to be done, whatever is quoted.
    pub orders: &'static str,
    /// What it is done about.
    pub quoted: Value,
    /// JSON Schema of the answer.
    pub schema: Value,
    pub answer_tokens_max: u32,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    pub content: String,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
}

/// Words.
#[async_trait]
pub trait Writer: Send + Sync {
    /// The model, as its server calls it.
    fn model(&self) -> &str;
    /// What would be sent.
    fn prompt(&self, brief: &WritingBrief) -> AssistantPrompt;
    async fn write(&self, prompt: &AssistantPrompt, within_ms: u64) -> Result<Written, AssistantFailure>;
}

/// Finds the numbers and days that a text names. Answers from memory; equal texts have equal answers.
pub trait Figures: Send + Sync {
    /// Each in one form, whether it is written in digits or in words.
    fn figures(&self, text: &str) -> BTreeSet<String>;
}
