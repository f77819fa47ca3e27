//! Extracts the path through the flow from the events of a call.

use domain::call::event::CallEvent;
use domain::call::{EngineKind, UnderstandingFact};
use domain::flow::{Interruption, UnderstandingResult};
use domain::key_rule::KeyRule;
use domain::offering::OfferChosenFact;
use domain::spoken_turn::TurnInput;
use domain::turn::AnswerChannel;
use std::collections::BTreeMap;

/// One recorded step of a call through its flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecordedStep {
    Node(String),
    /// A keypress; the key is known if it can be read.
    Key(Option<char>),
    Transfer(String),
    /// What was understood of an utterance.
    Spoken(Box<RecordedUtterance>),
    /// A silence timeout.
    Silence,
    BargedIn(Interruption),
    SensitiveWord,
    /// No recognizer was available any more.
    Deaf,
    /// A decision of the flow, by its rule; `unheard` if nothing could be recognized before it.
    Decided {
        rule: String,
        unheard: bool,
    },
}

impl RecordedStep {
    /// Returns true for a step that is an input of the callee; the other steps follow from inputs.
    pub(crate) const fn is_input(&self) -> bool {
        match self {
            Self::Key(_)
            | Self::Spoken(_)
            | Self::Silence
            | Self::BargedIn(_)
            | Self::SensitiveWord
            | Self::Deaf => true,
            Self::Node(_) | Self::Transfer(_) | Self::Decided { .. } => false,
        }
    }
}

/// An utterance, with the names of slots with unreadable values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedUtterance {
    pub understood: UnderstandingResult,
    pub unread: Vec<String>,
}

impl RecordedUtterance {
    fn of(fact: &UnderstandingFact) -> Self {
        let read = |(name, value): (&String, &'_ domain::personal::Personal<String>)| {
            Some((name.clone(), value.value()?.clone()))
        };
        let unread = fact.slots.iter().filter(|(_, value)| value.value().is_none());
        Self {
            understood: UnderstandingResult {
                reading: fact.reading.clone(),
                slots: fact.slots.iter().filter_map(read).collect(),
                interest: fact.interest.clone(),
                opt_out: fact.opt_out,
                answers: BTreeMap::new(),
                emotion: fact.emotion.clone(),
            },
            unread: unread.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// Returns the rule by which keypresses of the call were accepted, recorded at its answer; the first rule
/// for calls from before it was recorded.
pub(crate) fn key_rule<'a>(mut events: impl Iterator<Item = &'a CallEvent>) -> KeyRule {
    let recorded = events.find_map(|event| match event {
        CallEvent::Answered { key_rule, .. } => *key_rule,
        _ => None,
    });
    recorded.unwrap_or_default()
}

/// Returns the offer that was chosen for the customer in the call; `None` if none was.
pub(crate) fn offer_of<'a>(mut events: impl Iterator<Item = &'a CallEvent>) -> Option<&'a OfferChosenFact> {
    events.find_map(|event| match event {
        CallEvent::OfferChosen(fact) => Some(fact.as_ref()),
        _ => None,
    })
}

/// Returns the recorded steps of a call in order. Events without a step are left out.
pub(super) fn collect_recorded_steps<'a>(events: impl Iterator<Item = &'a CallEvent>) -> Vec<RecordedStep> {
    events.filter_map(read_recorded_step).collect()
}

pub(crate) fn read_recorded_step(event: &CallEvent) -> Option<RecordedStep> {
    Some(match event {
        CallEvent::NodeEntered { node } => RecordedStep::Node(node.clone()),
        CallEvent::Keypressed { digit, .. } => {
            RecordedStep::Key(digit.value().and_then(|digit| digit.chars().next()))
        }
        CallEvent::TransferRequested { node, .. } => RecordedStep::Transfer(node.clone()),
        CallEvent::Understood(fact) => RecordedStep::Spoken(Box::new(RecordedUtterance::of(fact))),
        CallEvent::SilenceTimedOut(_) => RecordedStep::Silence,
        CallEvent::BargedIn(fact) => RecordedStep::BargedIn(Interruption {
            said_ms: fact.said_ms,
            voiced_ms: fact.voiced_ms,
            chars: fact.chars,
        }),
        CallEvent::SensitiveWordMatched(_) => RecordedStep::SensitiveWord,
        CallEvent::EngineFailed(fact)
            if fact.engine_kind == EngineKind::Recognizer && fact.answer_by != AnswerChannel::Speech =>
        {
            RecordedStep::Deaf
        }
        CallEvent::Decided(decision) => RecordedStep::Decided {
            rule: decision.rule.clone(),
            unheard: decision.explanation.input == TurnInput::Unheard,
        },
        _ => return None,
    })
}
