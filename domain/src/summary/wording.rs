//! A model's additional wording of a summary, for readers. The model is asked once; its text must not
//! contradict a fact, and a refused answer is recorded. The summary itself remains the one that the rules
//! wrote.

use super::fact::{SUMMARY_TEXT_CHARS_MAX, SummaryFact};
use crate::personal::Personal;
use crate::ports::assistant::AssistantFailure;
use crate::ports::writer::Figures;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The word with which a model states that a call has no outcome.
pub const NO_OUTCOME: &str = "none";

/// Stored before a model is asked for a wording of a summary. After a crash from here on it is not asked
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(model, prompt_sha256)]
pub struct WordingAskedFact {
    /// The model's name at its server.
    pub model: String,
    /// SHA-256 of the prompt in lower-case hex. The prompt has the summary's facts and the callee's
    /// utterances, masked.
    pub prompt_sha256: String,
}

/// The wording of a summary that a model wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(model, prompt_sha256, took_ms, prompt_tokens, answer_tokens)]
pub struct WordedFact {
    /// The summary in the model's words, masked.
    pub text: Personal<String>,
    /// The suggested follow-up in the model's words, masked.
    pub follow_up: Personal<String>,
    pub model: String,
    pub prompt_sha256: String,
    pub took_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Why a model's wording of a summary failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(model, prompt_sha256, took_ms, failure, prompt_tokens, answer_tokens)]
pub struct WordingFailedFact {
    pub model: String,
    pub prompt_sha256: String,
    pub took_ms: u64,
    /// `late`, `unreachable`, `denied`, `garbled`, `cut`: the request failed; `contradicts`: the text names
    /// another outcome or follow-up than the call's; `figures`: it names a number or day that no event of the
    /// call contains; `gone`: the customer was erased meanwhile.
    pub failure: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_tokens: Option<u32>,
}

/// Why a summary has no wording by a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordingFailure {
    Unanswered(AssistantFailure),
    Contradicts,
    Figures,
    Gone,
}

impl WordingFailure {
    /// Returns the name of the failure in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unanswered(failure) => failure.name(),
            Self::Contradicts => "contradicts",
            Self::Figures => "figures",
            Self::Gone => "gone",
        }
    }
}

/// A model's wording of a summary that passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub text: String,
    pub follow_up: String,
}

/// The members of a model's answer; other members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordingAnswer {
    outcome: String,
    action: String,
    summary: String,
    follow_up: String,
}

/// Reads a model's answer as a wording of the summary `fact`. Fails if it is not of the agreed form, names
/// another outcome or follow-up than the call's, or contains a figure that neither the summary nor the
/// utterances (`heard`) contain.
pub fn parse_wording(
    answer: &str,
    fact: &SummaryFact,
    heard: &[String],
    figures: &dyn Figures,
) -> Result<Wording, WordingFailure> {
    let garbled = WordingFailure::Unanswered(AssistantFailure::Garbled);
    let agreed: WordingAnswer = serde_json::from_str(answer).map_err(|_prose| garbled)?;
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

/// Returns every number and day that a wording of the summary may contain.
fn held(fact: &SummaryFact, heard: &[String], figures: &dyn Figures) -> BTreeSet<String> {
    let slots = fact.slots.values().filter_map(Personal::value);
    let tags = fact.flow_tags.iter().filter_map(Personal::value);
    let texts = slots.chain(tags).chain(fact.text.value()).chain(heard);
    texts.flat_map(|text| figures.figures(text)).collect()
}
