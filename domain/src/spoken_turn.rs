//! The interpretation of one turn of a conversation: the reading of an utterance, and why the flow decided as
//! it did. Values that a flow's step and a call's events share.

use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::emotion::EmotionReading;
use values::ids::KnowledgeId;

/// The intent with which the callee refuses further calls.
pub const REFUSE_CALL: &str = "refuse_call";

/// How certain the interpretation of an utterance is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The reading counts.
    Accepted,
    /// Between the two thresholds: the flow asks the callee to confirm.
    ToConfirm,
    /// The reading does not count.
    Abstained,
    /// A back-channel sound that only shows listening: neither an answer nor an interruption.
    BackChannel,
}

/// What produced the interpretation of an utterance.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ReadingSource {
    /// A table that contains the whole utterance.
    Exact,
    /// A rule with fixed words.
    Rule,
    /// The fixed words for yes and no.
    Answer,
    /// The model, which ranked the intents.
    Model,
    /// Nothing: no model was available.
    Nothing,
}

/// One candidate intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(intent, score_permille)]
pub struct IntentCandidate {
    #[schemars(example = &"ask_term")]
    pub intent: String,
    /// The intent's probability, in thousandths.
    pub score_permille: u16,
}

/// One candidate answer of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(answer, score_permille)]
pub struct AnswerCandidate {
    /// The answer's id in the knowledge base.
    #[schemars(example = &"提前还款")]
    pub answer: String,
    /// The answer's similarity to the utterance, in thousandths.
    pub score_permille: u16,
}

/// The approved answers nearest to an utterance, in one version of a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(knowledge_version, accept_permille, confirm_permille)]
pub struct KnowledgeReading {
    pub knowledge: KnowledgeId,
    pub knowledge_version: u32,
    /// Certainty of the best answer: spoken, confirmed first, or left out.
    pub certainty: Certainty,
    /// The nearest answers, best first, at most three.
    pub candidates: Vec<AnswerCandidate>,
    pub accept_permille: u16,
    pub confirm_permille: u16,
}

impl KnowledgeReading {
    /// Returns the id of the best candidate answer; `None` if none was found.
    pub fn answer(&self) -> Option<&str> {
        self.candidates.first().map(|first| first.answer.as_str())
    }
}

/// What an assistant is asked to pick.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum PickKind {
    /// One of the intents that lead to a node.
    Intent,
    /// One of the approved answers that were found.
    Answer,
}

/// What the assistant selected: one of the offered ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(choice)]
pub struct AssistantChoice {
    pub pick_of: PickKind,
    #[schemars(example = &"提前还款")]
    pub choice: String,
}

/// The interpretation of an utterance: candidate intents, with the scores and thresholds that applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(accept_permille, confirm_permille)]
pub struct SpokenReading {
    pub certainty: Certainty,
    pub read_by: ReadingSource,
    /// The candidate intents, best first, at most three.
    pub candidates: Vec<IntentCandidate>,
    /// The score from which a reading is accepted; absent if no model was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_permille: Option<u16>,
    /// The score from which the callee is asked to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_permille: Option<u16>,
    /// The nearest answers of the campaign's knowledge base, if it was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Box<KnowledgeReading>>,
    /// The assistant's pick among the offered ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked: Option<Box<AssistantChoice>>,
}

impl SpokenReading {
    /// Returns the intent of the best candidate; `None` if there is none.
    pub fn intent(&self) -> Option<&str> {
        self.candidates.first().map(|first| first.intent.as_str())
    }
}

/// Everything that was understood of an utterance, as input of a flow's step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderstandingResult {
    pub reading: SpokenReading,
    /// Values for slots of the flow, by name.
    pub slots: BTreeMap<String, String>,
    /// The callee's interest.
    pub interest: Option<String>,
    /// True if the callee refused further calls, in any words.
    pub opt_out: bool,
    /// The words of the answers that `reading.knowledge` names, by id. They are not stored: the version is,
    /// and a replay does not speak.
    pub answers: BTreeMap<String, SpokenAnswer>,
    /// The callee's emotion, if it is measured.
    pub emotion: Option<EmotionReading>,
}

/// An approved answer, as it is spoken in this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenAnswer {
    /// The question that it answers, for asking the callee to confirm.
    pub question: String,
    pub text: String,
    /// True if a personal value selected a part of it.
    pub personal: bool,
}

/// The input of a call to which a decision of the flow responds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum TurnInput {
    /// A prompt was spoken to its end, and no answer was expected.
    Played,
    Keypress,
    Spoken,
    /// The callee spoke, and nothing was recognized.
    Unheard,
    /// The recognizer failed: nothing more can be heard in this call.
    Deaf,
    Silence,
    SensitiveWord,
}

/// Why the flow decided as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(slots, corrected, rung)]
pub struct Explanation {
    pub input: TurnInput,
    /// The reading of the utterance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<SpokenReading>,
    /// Names of slots that got a value in this turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["terms"])]
    pub slots: Vec<String>,
    /// Those of `slots` that had another value before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["terms"])]
    pub corrected: Vec<String>,
    /// Number of the reprompt ladder's step that was taken, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<u32>,
}

impl Explanation {
    /// Returns an explanation that has only its input.
    pub const fn of(input: TurnInput) -> Self {
        Self {
            input,
            reading: None,
            slots: Vec::new(),
            corrected: Vec::new(),
            rung: None,
        }
    }
}

/// One decision of a flow: where it was made, by which rule, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(node, rule)]
pub struct TurnDecision {
    /// The node in which it was made.
    #[schemars(example = &"greeting")]
    pub node: String,
    /// The member of the flow that decided, for example `nodes.greeting.intents.affirm`.
    #[schemars(example = &"nodes.greeting.intents.affirm")]
    pub rule: String,
    pub explanation: Explanation,
}

/// The encoder's contribution to one reading, if it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(model, took_ms, failure)]
pub struct EncoderShare {
    /// Name of the model as its server uses it.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub model: String,
    /// True if the reading is the encoder's; else it comes from the linear model or a rule.
    pub decided: bool,
    pub took_ms: u64,
    /// Class of the failure, if the encoder ranked nothing: `late`, `unreachable`, `denied`, `garbled` or
    /// `cut`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"late")]
    pub failure: Option<String>,
}

/// The interpretation of an utterance or a message, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(node, intent, interest, model)]
pub struct UnderstandingFact {
    pub node: String,
    /// The best candidate's intent, however certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    #[serde(flatten)]
    pub reading: SpokenReading,
    /// By the flow's slot names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Personal<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// True if the callee refused further calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
    /// Digest of the model that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The callee's emotion; absent if the campaign does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotion: Option<EmotionReading>,
    /// The encoder's contribution; absent if none was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<Box<EncoderShare>>,
}

impl UnderstandingFact {
    /// Creates the fact to be stored for an utterance understood at a node. `model`: the digest of the
    /// model that was used.
    pub fn of(node: String, understood: &UnderstandingResult, model: Option<String>) -> Self {
        let slots = understood.slots.iter();
        Self {
            node,
            intent: understood.reading.intent().map(str::to_owned),
            reading: understood.reading.clone(),
            slots: slots
                .map(|(name, value)| (name.clone(), Personal::open(value.clone())))
                .collect(),
            interest: understood.interest.clone(),
            opt_out: understood.opt_out,
            model,
            emotion: understood.emotion.clone(),
            encoder: None,
        }
    }
}
