//! What a model writes of a call beside its summary, for people: it is asked once, it contradicts no fact,
//! and what it may not say is on record as refused. The summary stays what the rules wrote.

use super::fact::{SUMMARY_TEXT_CHARS_MAX, SummaryFact};
use crate::personal::Personal;
use crate::ports::assistant::AssistantFailure;
use crate::ports::writer::Figures;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What stands for an outcome that there is none of.
pub const NO_OUTCOME: &str = "none";

/// A model is about to be asked; a crash from here on asks nobody a second time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WordingAskedFact {
    /// As its server calls it.
    pub model: String,
    /// SHA-256, lower hex, of all that was sent: facts of the summary, and what the callee said, masked.
    pub prompt_sha256: String,
}

/// What it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WordedFact {
    /// Masked.
    pub text: Personal<String>,
    /// What may be done next, in its words; masked.
    pub follow_up: Personal<String>,
    pub model: String,
    pub prompt_sha256: String,
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Why there is nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WordingFailedFact {
    pub model: String,
    pub prompt_sha256: String,
    pub took_ms: u64,
    /// `late`, `unreachable`, `denied`, `garbled`, `cut`; `contradicts`: it named another outcome or another
    /// follow-up than the call has; `figures`: it named a number or a day that no event of the call holds;
    /// `gone`: whose words they are was erased meanwhile.
    pub failure: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Why a wording is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordingFailure {
    Unanswered(AssistantFailure),
    Contradicts,
    Figures,
    Gone,
}

impl WordingFailure {
    /// As events name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unanswered(failure) => failure.name(),
            Self::Contradicts => "contradicts",
            Self::Figures => "figures",
            Self::Gone => "gone",
        }
    }
}

/// What was written, as it may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub text: String,
    pub follow_up: String,
}

/// What is agreed that it answers, and nothing beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agreed {
    outcome: String,
    action: String,
    summary: String,
    follow_up: String,
}

/// Reads an answer. It says the call's own outcome and follow-up, and names no figure but those of the
/// summary and of what was `heard`.
pub fn worded(
    answer: &str,
    fact: &SummaryFact,
    heard: &[String],
    figures: &dyn Figures,
) -> Result<Wording, WordingFailure> {
    let garbled = WordingFailure::Unanswered(AssistantFailure::Garbled);
    let agreed: Agreed = serde_json::from_str(answer).map_err(|_prose| garbled)?;
    let outcome = fact.outcome.map_or(NO_OUTCOME, |outcome| outcome.code());
    if agreed.outcome != outcome || agreed.action != fact.follow_up.action.code() {
        return Err(WordingFailure::Contradicts);
    }
    let is_text = |text: &str| {
        let chars = text.chars().count();
        (1..=SUMMARY_TEXT_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control)
    };
    let (text, follow_up) = (agreed.summary.trim(), agreed.follow_up.trim());
    if !is_text(text) || !is_text(follow_up) {
        return Err(garbled);
    }
    let held = held(fact, heard, figures);
    let named = [text, follow_up].map(|said| figures.figures(said));
    if !named.iter().all(|named| named.is_subset(&held)) {
        return Err(WordingFailure::Figures);
    }
    Ok(Wording {
        text: text.to_owned(),
        follow_up: follow_up.to_owned(),
    })
}

/// Every figure that may be named.
fn held(fact: &SummaryFact, heard: &[String], figures: &dyn Figures) -> BTreeSet<String> {
    let slots = fact.slots.values().filter_map(Personal::value);
    let tags = fact.flow_tags.iter().filter_map(Personal::value);
    let told = slots.chain(tags).chain(fact.text.value()).chain(heard);
    told.flat_map(|text| figures.figures(text)).collect()
}
