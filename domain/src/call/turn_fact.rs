//! The facts of one turn of a spoken conversation: what was heard, understood, decided and said, barge-in,
//! silence, and sensitive words that end a call.

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::assistant_facts::{AssistantAnsweredFact, AssistantAskedFact};
use crate::offering::{ModelChosenFact, OfferChosenFact};
use crate::personal::Personal;
use crate::spoken_turn::TurnDecision;
pub use crate::spoken_turn::UnderstandingFact;
use crate::turn::AnswerChannel;
use serde::{Deserialize, Serialize};
use values::seller::Seller;

/// The most turn facts recorded of one call; more are refused. Five per turn in the two hundred steps that
/// a flow may take.
pub const TURN_FACTS_MAX: u32 = 1_000;

/// The most characters kept of one utterance: about two minutes of speech. A longer text is cut.
pub const HEARD_CHARS_MAX: usize = 600;

/// One utterance of the callee, as recognized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, node, confidence_permille, engine, begins_ms, ends_ms)]
pub struct HeardFact {
    pub leg: u8,
    /// The flow node that the call was in.
    pub node: String,
    pub text: Personal<String>,
    /// The recognizer's confidence, in thousandths; absent if the recognizer gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
    /// Name of the recognizer.
    pub engine: String,
    /// Begin of the utterance, in milliseconds since the answer.
    pub begins_ms: u64,
    pub ends_ms: u64,
}

/// A text that was spoken to the callee, to its end or until the callee interrupted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, node, prompt, variant, spoken_chars, prompt_chars, engine)]
pub struct SaidFact {
    pub leg: u8,
    pub node: String,
    /// Place of the text in the flow, for example `nodes.greeting.text`.
    pub prompt: String,
    /// The wording that was selected, if the text has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Number of characters spoken, out of `prompt_chars`.
    pub spoken_chars: u32,
    pub prompt_chars: u32,
    /// The synthesizer that was asked to speak, by the same name as in `call.engine_failed`. Absent if
    /// nothing was synthesized, for example in a rehearsal by text, and in older events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
}

/// A barge-in: the callee spoke while a text was being played, and the text stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, node, said_ms, voiced_ms, chars)]
pub struct BargedInFact {
    pub leg: u8,
    pub node: String,
    /// How long the text had been playing, in milliseconds.
    pub said_ms: u64,
    /// Milliseconds of the callee's voice that were heard.
    pub voiced_ms: u64,
    /// Characters recognized by then, if the recognizer gives partial texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<u32>,
}

/// A silence timeout: the callee was not heard for as long as the node waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(node, silence_ms)]
pub struct SilenceFact {
    pub node: String,
    pub silence_ms: u64,
}

/// A match of a sensitive word of the campaign's lists in what the callee said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, node, list)]
pub struct SensitiveWordFact {
    pub leg: u8,
    pub node: String,
    /// Name of the list that contains the word.
    pub list: String,
    pub word: Personal<String>,
}

/// The kind of a speech engine.
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
pub enum EngineKind {
    Recognizer,
    Synthesizer,
}

/// A speech engine's failure during the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, node, engine, class)]
pub struct EngineFailedFact {
    pub leg: u8,
    pub node: String,
    pub engine_kind: EngineKind,
    /// Name of the engine, as in `call.heard`.
    pub engine: String,
    /// Class of the failure. Recognizer: `unreachable`, `denied`, `late`, `garbled`, `cut` or `overrun`.
    /// Synthesizer: `failed`.
    pub class: String,
    /// How the callee's answers are taken from here on.
    pub answer_by: AnswerChannel,
}

/// The message that names the seller, played when no agent is free for the callee: to its end, or until
/// the callee hung up. It is not an attendance: the call counts as abandoned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(leg, seller, text, begun_after_ms, played_ms, whole_ms)]
pub struct SellerMessageFact {
    pub leg: u8,
    /// The seller's name and number, as in the campaign's plan.
    pub seller: Seller,
    /// The spoken words, with the number digit by digit.
    pub text: String,
    /// Milliseconds from the answer to the message's first sound.
    pub begun_after_ms: u64,
    /// Milliseconds of the message that were played.
    pub played_ms: u64,
    /// Length of the whole message, in milliseconds.
    pub whole_ms: u64,
}

/// One fact of a turn, as a command passes it to the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnFact {
    Heard(HeardFact),
    Understood(UnderstandingFact),
    Decided(TurnDecision),
    Said(SaidFact),
    BargedIn(BargedInFact),
    SilenceTimedOut(SilenceFact),
    SensitiveWordMatched(SensitiveWordFact),
    EngineFailed(EngineFailedFact),
    AssistantAsked(AssistantAskedFact),
    AssistantAnswered(AssistantAnsweredFact),
    OfferChosen(Box<OfferChosenFact>),
    ModelChosen(ModelChosenFact),
    SellerMessagePlayed(SellerMessageFact),
}

/// What a call's state keeps about its turns: their number, and whether an offer and a model were chosen.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptTurns {
    count: u32,
    heard_count: u32,
    has_offer: bool,
    has_model: bool,
}

impl KeptTurns {
    /// Counts one more turn event of the call.
    pub(super) fn note(&mut self, event: &CallEvent) {
        self.count = self.count.saturating_add(1);
        self.heard_count = self
            .heard_count
            .saturating_add(u32::from(matches!(event, CallEvent::Heard(_))));
        self.has_offer |= matches!(event, CallEvent::OfferChosen(_));
        self.has_model |= matches!(event, CallEvent::ModelChosen(_));
    }

    /// Returns how many utterances of the callee were recorded.
    pub(super) const fn heard_count(&self) -> u32 {
        self.heard_count
    }

    /// Returns true if the fact chooses an offer or model although one was chosen, or the conversation has
    /// begun: each is chosen once, before it.
    fn has_chosen(&self, fact: &TurnFact) -> bool {
        let chosen = u32::from(self.has_offer) + u32::from(self.has_model);
        match fact {
            TurnFact::OfferChosen(_) => self.has_offer || self.count > chosen,
            TurnFact::ModelChosen(_) => self.has_model || self.count > chosen,
            TurnFact::Heard(_)
            | TurnFact::Understood(_)
            | TurnFact::Decided(_)
            | TurnFact::Said(_)
            | TurnFact::BargedIn(_)
            | TurnFact::SilenceTimedOut(_)
            | TurnFact::SensitiveWordMatched(_)
            | TurnFact::EngineFailed(_)
            | TurnFact::AssistantAsked(_)
            | TurnFact::AssistantAnswered(_)
            | TurnFact::SellerMessagePlayed(_) => false,
        }
    }
}

impl From<TurnFact> for CallEvent {
    fn from(fact: TurnFact) -> Self {
        match fact {
            TurnFact::Heard(fact) => Self::Heard(fact),
            TurnFact::Understood(fact) => Self::Understood(fact),
            TurnFact::Decided(fact) => Self::Decided(fact),
            TurnFact::Said(fact) => Self::Said(fact),
            TurnFact::BargedIn(fact) => Self::BargedIn(fact),
            TurnFact::SilenceTimedOut(fact) => Self::SilenceTimedOut(fact),
            TurnFact::SensitiveWordMatched(fact) => Self::SensitiveWordMatched(fact),
            TurnFact::EngineFailed(fact) => Self::EngineFailed(fact),
            TurnFact::AssistantAsked(fact) => Self::AssistantAsked(fact),
            TurnFact::AssistantAnswered(fact) => Self::AssistantAnswered(fact),
            TurnFact::OfferChosen(fact) => Self::OfferChosen(fact),
            TurnFact::ModelChosen(fact) => Self::ModelChosen(fact),
            TurnFact::SellerMessagePlayed(fact) => Self::SellerMessagePlayed(fact),
        }
    }
}

/// Records one fact of a turn. An utterance above `HEARD_CHARS_MAX` characters is cut. Refused before the
/// answer, beyond `TURN_FACTS_MAX` facts, and for an offer or model that is chosen too late.
pub(super) fn note_turn(state: &CallState, fact: TurnFact) -> Result<Vec<CallEvent>, CallRefusal> {
    if state.answered_at().is_none() {
        return Err(CallRefusal::NotAnswered);
    }
    if state.turns.has_chosen(&fact) {
        return Err(CallRefusal::ChosenTooLate);
    }
    if state.turns.count >= TURN_FACTS_MAX {
        return Err(CallRefusal::TooManyTurnFacts {
            turn_facts_max: TURN_FACTS_MAX,
        });
    }
    let mut fact = fact;
    if let TurnFact::Heard(heard) = &mut fact
        && let Some(text) = heard.text.value().cloned()
        && text.chars().count() > HEARD_CHARS_MAX
    {
        heard.text = Personal::open(text.chars().take(HEARD_CHARS_MAX).collect());
    }
    Ok(vec![fact.into()])
}
