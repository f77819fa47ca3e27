//! What happens in one turn of a spoken conversation, as facts: what was heard, understood, decided and said,
//! where somebody interrupted or stayed silent, and words that end a call.

use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::assisting::{AssistantAnsweredFact, AssistantAskedFact};
use crate::offering::{ModelChosenFact, OfferChosenFact};
use crate::personal::Personal;
use crate::spoken_turn::TurnDecision;
pub use crate::spoken_turn::UnderstoodFact;
use crate::turn::AnswerBy;
use serde::{Deserialize, Serialize};
use values::seller::Seller;

/// Most facts of turns recorded of one call: five a turn in the two hundred steps a flow may take.
pub const TURN_FACTS_MAX: u32 = 1_000;

/// Longest text kept of one utterance, in characters: what is said in two minutes.
pub const HEARD_CHARS_MAX: usize = 600;

/// The callee said something, to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HeardFact {
    pub leg: u8,
    /// The node the call was in.
    pub node: String,
    pub text: Personal<String>,
    /// The recognizer's own, in thousandths; many have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
    /// Which recognizer.
    pub engine: String,
    /// Since the answer.
    pub begins_ms: u64,
    pub ends_ms: u64,
}

/// A text was said, to its end or until somebody interrupted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SaidFact {
    pub leg: u8,
    pub node: String,
    /// The text's place in the flow, such as `nodes.greeting.text`.
    pub prompt: String,
    /// Which of several wordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How many characters were spoken, of so many.
    pub spoken_chars: u32,
    pub prompt_chars: u32,
    /// The synthesizer that was asked, by the name that `call.engine_failed` has where it fails; absent where
    /// nothing was spoken, as in a rehearsal by text, and in older events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
}

/// The callee spoke into a text, which stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BargedInFact {
    pub leg: u8,
    pub node: String,
    /// How long the text had been said.
    pub said_ms: u64,
    /// How much voice was heard.
    pub voiced_ms: u64,
    /// Recognized by then, where parts are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chars: Option<u32>,
}

/// Nothing was heard for as long as the node waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SilenceFact {
    pub node: String,
    pub silence_ms: u64,
}

/// A word of the campaign's lists was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SensitiveWordFact {
    pub leg: u8,
    pub node: String,
    /// Which list.
    pub list: String,
    pub word: Personal<String>,
}

/// Which engine of ours.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    Recognizer,
    Synthesizer,
}

/// An engine that the conversation needs gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EngineFailedFact {
    pub leg: u8,
    pub node: String,
    pub engine_kind: EngineKind,
    /// Which one, as in `call.heard`.
    pub engine: String,
    /// Of a recognizer `unreachable`, `denied`, `late`, `garbled`, `cut` or `overrun`; `failed` of a voice.
    pub class: String,
    /// By what means answers are taken from here on.
    pub answer_by: AnswerBy,
}

/// Who had answered and found nobody free was told on whose behalf the call was: to the end, or until they
/// hung up. It is no attendance: the call counts as abandoned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SellerMessageFact {
    pub leg: u8,
    /// The seller's name and number, as the campaign's plan had them.
    pub seller: Seller,
    /// The words, with the number digit by digit.
    pub text: String,
    /// From the answer to its first sound.
    pub begun_after_ms: u64,
    /// How much of it was played.
    pub played_ms: u64,
    /// How long all of it is.
    pub whole_ms: u64,
}

/// One fact of a turn, on its way to the call's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnFact {
    Heard(HeardFact),
    Understood(UnderstoodFact),
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

/// What is kept of a call's turns: how many facts, and what was chosen before them.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptTurns {
    count: u32,
    heard_count: u32,
    has_offer: bool,
    has_model: bool,
}

impl KeptTurns {
    /// Takes one more.
    pub(super) fn note(&mut self, event: &CallEvent) {
        self.count = self.count.saturating_add(1);
        self.heard_count = self
            .heard_count
            .saturating_add(u32::from(matches!(event, CallEvent::Heard(_))));
        self.has_offer |= matches!(event, CallEvent::OfferChosen(_));
        self.has_model |= matches!(event, CallEvent::ModelChosen(_));
    }

    /// How often somebody was heard to say something.
    pub(super) const fn heard_count(&self) -> u32 {
        self.heard_count
    }

    /// An offer and a model are chosen once, before the conversation: nothing is said by another afterwards.
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

/// Only of a call that is talked on; how much is kept of one is bounded.
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
