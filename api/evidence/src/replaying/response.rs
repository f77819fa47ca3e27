//! The answer of a replay: one step for each thing that the callee did, with what followed.

use super::version_comparison::ReplayDifference;
use application::transcript_masking::masked_among;
use domain::call::{HeardFact, UnderstandingFact};
use domain::disposition::Outcome;
use domain::ids::CallId;
use domain::personal::Personal;
use domain::spoken_turn::{
    AssistantChoice, Certainty, Explanation, IntentCandidate, KnowledgeReading, ReadingSource, TurnDecision,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the callee's words are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalleeWordsForm {
    /// Numbers, cards and names become stars.
    Masked,
    Clear,
}

impl CalleeWordsForm {
    /// Returns words of the callee in this form; `None` if they cannot be read. Words that occur in the
    /// flow (`own_words`) are not masked as names.
    pub(super) fn of(self, value: &Personal<String>, own_words: &str) -> Option<String> {
        let value = value.value()?;
        Some(match self {
            Self::Masked => masked_among(value, own_words),
            Self::Clear => value.clone(),
        })
    }
}

/// A replayed call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplayResponse {
    /// Null for a bundle.
    pub call: Option<CallId>,
    /// The version that the call ran.
    #[schemars(example = &"card_instalment_spoken@1")]
    pub flow: String,
    /// The version with which it was compared.
    #[schemars(example = &"card_instalment_spoken@2")]
    pub against: Option<String>,
    /// True if this build decides with the call's own version as recorded.
    pub agrees: bool,
    pub steps: Vec<ReplayStepResponse>,
    /// Where another decision was made than was recorded: the first difference of each version that was run.
    pub differences: Vec<ReplayDifference>,
    /// The recorded outcome.
    pub outcome: Option<Outcome>,
    /// True if the callee's words are shown unmasked.
    pub clear: bool,
}

/// One thing that the callee did, and what followed.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ReplayStep")]
pub struct ReplayStepResponse {
    /// From 1.
    pub n: usize,
    /// The node in which the call was.
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    /// Milliseconds since the answer.
    pub after_ms: u64,
    /// `answered`, `spoken`, `keypress`, `silence`, `barged_in`, `unheard` or `sensitive_word`.
    #[schemars(example = &"spoken")]
    pub input: &'static str,
    /// The offer that was chosen for this person before the first word, and why.
    #[schemars(example = &"premium: 首个符合条件 / the first (first_that_holds); premium holds [balance]")]
    pub offer: Option<String>,
    pub heard: Option<HeardSpeechResponse>,
    /// The key that was pressed, if it can be read.
    #[schemars(example = &"1")]
    pub key: Option<String>,
    pub understood: Option<ReplayUnderstandingResponse>,
    /// In order. What a confirmation leads to is a decision of its own.
    pub decided: Vec<FlowDecisionResponse>,
    #[schemars(example = ["签约"])]
    pub entered: Vec<String>,
    pub said: Vec<PlayedTextResponse>,
}

/// What was heard.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReplayHeardSpeech")]
pub struct HeardSpeechResponse {
    /// Null if it cannot be read: of an erased person, or in a bundle.
    #[schemars(example = &"那就分三期吧")]
    pub text: Option<String>,
    pub confidence_permille: Option<u16>,
    #[schemars(example = &"vosk")]
    pub engine: String,
    pub begins_ms: u64,
    pub ends_ms: u64,
}

impl HeardSpeechResponse {
    pub(super) fn of(fact: &HeardFact, words: CalleeWordsForm, own_words: &str) -> Self {
        Self {
            text: words.of(&fact.text, own_words),
            confidence_permille: fact.confidence_permille,
            engine: fact.engine.clone(),
            begins_ms: fact.begins_ms,
            ends_ms: fact.ends_ms,
        }
    }
}

/// How it was understood.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplayUnderstandingResponse {
    #[schemars(example = &"ask_term")]
    pub intent: Option<String>,
    pub certainty: Certainty,
    pub read_by: ReadingSource,
    /// Best first.
    pub candidates: Vec<IntentCandidateResponse>,
    pub accept_permille: Option<u16>,
    pub confirm_permille: Option<u16>,
    /// The result of the campaign's knowledge, if it was asked.
    pub knowledge: Option<KnowledgeReading>,
    /// What an assistant picked from the offered choices.
    pub picked: Option<AssistantChoice>,
    /// By name; null if the value cannot be read.
    #[schemars(example = BTreeMap::from([("terms", "3")]))]
    pub slots: BTreeMap<String, Option<String>>,
    #[schemars(example = &"high")]
    pub interest: Option<String>,
    pub opt_out: bool,
    /// Digest of the model that was used.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub model: Option<String>,
}

impl ReplayUnderstandingResponse {
    pub(super) fn of(fact: &UnderstandingFact, words: CalleeWordsForm, own_words: &str) -> Self {
        let reading = &fact.reading;
        let slots = fact.slots.iter();
        Self {
            intent: fact.intent.clone(),
            certainty: reading.certainty,
            read_by: reading.read_by,
            candidates: reading
                .candidates
                .iter()
                .map(IntentCandidateResponse::of)
                .collect(),
            accept_permille: reading.accept_permille,
            confirm_permille: reading.confirm_permille,
            knowledge: reading.knowledge.as_deref().cloned(),
            picked: reading.picked.as_deref().cloned(),
            slots: slots
                .map(|(name, value)| (name.clone(), words.of(value, own_words)))
                .collect(),
            interest: fact.interest.clone(),
            opt_out: fact.opt_out,
            model: fact.model.clone(),
        }
    }
}

/// One candidate meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IntentCandidateResponse {
    #[schemars(example = &"ask_term")]
    pub intent: String,
    pub score_permille: u16,
}

impl IntentCandidateResponse {
    pub(super) fn of(candidate: &IntentCandidate) -> Self {
        Self {
            intent: candidate.intent.clone(),
            score_permille: candidate.score_permille,
        }
    }
}

/// One decision, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlowDecisionResponse {
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    /// The member of the flow that decided.
    #[schemars(example = &"nodes.确认分期期数.on_filled")]
    pub rule: String,
    pub explanation: Explanation,
}

impl FlowDecisionResponse {
    pub(super) fn of(decision: &TurnDecision) -> Self {
        Self {
            node: decision.node.clone(),
            rule: decision.rule.clone(),
            explanation: decision.explanation.clone(),
        }
    }
}

/// One text that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReplayPlayedText")]
pub struct PlayedTextResponse {
    /// Its place in the flow.
    #[schemars(example = &"nodes.签约.text")]
    pub prompt: String,
    #[schemars(example = &"warm")]
    pub variant: Option<String>,
    /// As written in the flow: variables and slots are not filled in.
    #[schemars(example = &"您选择{{terms}}期，确认请按1。")]
    pub text: Option<String>,
    /// As played, with its values masked unless clear text was asked for. Null if a value is no longer known,
    /// and for another version.
    #[schemars(example = &"您选择12期，确认请按1。")]
    pub words: Option<String>,
    /// How much was spoken, if that is on record.
    pub spoken_chars: Option<u32>,
    pub prompt_chars: Option<u32>,
}
