//! What was made of one turn of a conversation: the reading of what was said, and why the flow decided as it
//! did. Values that a flow's step and a call's events share.

use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::emotion::EmotionReading;
use values::ids::KnowledgeId;

/// The intent by which further calls are refused.
pub const REFUSE_CALL: &str = "refuse_call";

/// How sure a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Taken for what it says.
    Accepted,
    /// Between the two thresholds: asked back before it counts.
    ToConfirm,
    /// Nothing is made of it.
    Abstained,
    /// A sound that says "I am listening": no answer, and no interruption.
    BackChannel,
}

/// What decided a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBy {
    /// The whole utterance stands in a table.
    Exact,
    /// A rule with fixed words.
    Rule,
    /// Yes or no, by fixed words.
    Answer,
    /// The model ranked.
    Model,
    /// Nobody could be asked.
    Nothing,
}

/// One meaning that was thought of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntentCandidate {
    #[schemars(example = &"ask_term")]
    pub intent: String,
    /// Its chance, in thousandths.
    pub score_permille: u16,
}

/// An approved answer that was thought of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerCandidate {
    /// Its id in the knowledge base.
    #[schemars(example = &"提前还款")]
    pub answer: String,
    /// How near it is, in thousandths.
    pub score_permille: u16,
}

/// Which approved answers come nearest to what was said, in one version of a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeReading {
    pub knowledge: KnowledgeId,
    pub knowledge_version: u32,
    /// Whether the best one is said, asked back, or left.
    pub certainty: Certainty,
    /// Best first, at most three.
    pub candidates: Vec<AnswerCandidate>,
    pub accept_permille: u16,
    pub confirm_permille: u16,
}

impl KnowledgeReading {
    /// The id of the best one.
    pub fn answer(&self) -> Option<&str> {
        self.candidates.first().map(|first| first.answer.as_str())
    }
}

/// What an assistant is asked to pick.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PickOf {
    /// One of the intents that lead somewhere.
    Intent,
    /// One of the approved answers that were found.
    Answer,
}

/// What an assistant picked: an id of the list that it was offered, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Picked {
    pub pick_of: PickOf,
    #[schemars(example = &"提前还款")]
    pub choice: String,
}

/// What an utterance was read as, with the scores and thresholds that stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpokenReading {
    pub certainty: Certainty,
    pub read_by: ReadBy,
    /// Best first, at most three.
    pub candidates: Vec<IntentCandidate>,
    /// From which score on a reading is accepted; absent where no model was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_permille: Option<u16>,
    /// From which score on it is asked back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_permille: Option<u16>,
    /// What the campaign's knowledge has to it, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<Box<KnowledgeReading>>,
    /// What an assistant picked of what it was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked: Option<Box<Picked>>,
}

impl SpokenReading {
    /// The best candidate's intent.
    pub fn intent(&self) -> Option<&str> {
        self.candidates.first().map(|first| first.intent.as_str())
    }
}

/// What is understood of an utterance by whoever asks the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    pub reading: SpokenReading,
    /// Values for slots of the flow, by name.
    pub slots: BTreeMap<String, String>,
    /// How interested the callee seems.
    pub interest: Option<String>,
    /// Further calls were refused, in whatever words.
    pub opt_out: bool,
    /// The words of the answers that `reading.knowledge` names, by id. They are not stored: the version is on
    /// record, and a replay says nothing aloud.
    pub answers: BTreeMap<String, ApprovedWords>,
    /// How they sounded, where that is measured.
    pub emotion: Option<EmotionReading>,
}

/// An approved answer, as it is said in this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedWords {
    /// What it answers, as it is asked back.
    pub question: String,
    pub text: String,
    /// A value of the person chose a part of it.
    pub personal: bool,
}

/// Which input a decision answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnInput {
    /// All was said and nobody had to answer.
    Played,
    Keypress,
    Spoken,
    /// Somebody spoke, and nothing could be recognized.
    Unheard,
    /// Nothing more can be heard in this call.
    Deaf,
    Silence,
    SensitiveWord,
}

/// Why the flow went where it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    pub input: TurnInput,
    /// What was said was read so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<SpokenReading>,
    /// Names of slots that took a value by this turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["terms"])]
    pub slots: Vec<String>,
    /// Of these, those that had another value before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["terms"])]
    pub corrected: Vec<String>,
    /// Which step of a ladder was taken, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<u32>,
}

impl Explanation {
    /// Of an input about which there is nothing else to say.
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

/// One decision of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnDecision {
    /// The node in which it was made.
    #[schemars(example = &"greeting")]
    pub node: String,
    /// The member of the flow that decided, such as `nodes.greeting.intents.affirm`.
    #[schemars(example = &"nodes.greeting.intents.affirm")]
    pub rule: String,
    pub explanation: Explanation,
}

/// What an encoder of the installation's own had to one reading, where it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EncoderShare {
    /// As its server calls it.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub model: String,
    /// Whether the reading is its own; else it is what the linear model, or nobody, made of it.
    pub decided: bool,
    pub took_ms: u64,
    /// `late`, `unreachable`, `denied`, `garbled` or `cut`: it ranked nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"late")]
    pub failure: Option<String>,
}

/// What was made of an utterance or a message, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnderstoodFact {
    pub node: String,
    /// The best candidate, however sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    #[serde(flatten)]
    pub reading: SpokenReading,
    /// By the flow's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Personal<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// Further calls were refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
    /// Digest of the model that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How they sounded; absent where the campaign does not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotion: Option<EmotionReading>,
    /// What an encoder had to it; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<Box<EncoderShare>>,
}

impl UnderstoodFact {
    /// What was understood at a node, by the model of this digest.
    pub fn of(node: String, understood: &Understood, model: Option<String>) -> Self {
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

    /// Its slots, with their places in the record.
    pub fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let slots = self.slots.iter_mut();
        slots
            .map(|(name, value)| (format!("/slots/{name}"), value))
            .collect()
    }
}
