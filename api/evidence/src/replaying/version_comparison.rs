//! Gives the recorded inputs of a call to another version of its flow, or reads them with another model:
//! finds where the two first differ, and why.

use super::course::Course;
use super::replay_inputs::Conversation;
use super::response::{FlowDecisionResponse, PlayedTextResponse};
use super::texts::Texts;
use crate::bundle::OwnedFlowInput;
use application::rehearsing::Listener;
use domain::call::event::CallEvent;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun, UnderstandingResult};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The character that replaces masked characters in a transcript.
const STAR: char = '*';
/// Most consecutive texts that a flow says without asking the callee anything.
const TEXTS_MAX: usize = 50;

/// What a call is compared with.
#[derive(Debug)]
pub struct ComparisonVersion<'a> {
    /// Its name in the answer.
    pub name: String,
    pub flow: Arc<FlowDefinition>,
    pub version: Option<u32>,
    /// Understands again what was heard. Without one, the recorded understanding is used.
    pub listener: Option<&'a Listener>,
}

/// The kinds of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReplayDifferenceKind")]
pub enum ReplayDifferenceKind {
    /// The decision, or the nodes that are entered.
    Way,
    /// The same decision, for other reasons.
    Explanation,
    /// Other words on the same way.
    Words,
    Outcome,
}

/// A decision that was made otherwise, with both sides.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReplayDifference")]
pub struct ReplayDifference {
    /// The version that made the other decision.
    #[schemars(example = &"card_instalment_spoken@2")]
    pub flow: String,
    /// The step of the call, from 1.
    pub step: usize,
    #[schemars(example = &"确认分期期数")]
    pub node: String,
    pub what: ReplayDifferenceKind,
    pub recorded: ReplaySide,
    pub other: ReplaySide,
}

/// What was decided, entered and said on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(rename = "ReplaySide")]
pub struct ReplaySide {
    pub decided: Vec<FlowDecisionResponse>,
    #[schemars(example = ["签约"])]
    pub entered: Vec<String>,
    pub said: Vec<PlayedTextResponse>,
    pub outcome: Option<Outcome>,
}

impl ReplaySide {
    pub(super) fn of(actions: &[FlowAction], texts: &Texts) -> Self {
        let mut side = Self::default();
        for action in actions {
            side.said.extend(texts.said(action));
            match action {
                FlowAction::EnterNode { node } => side.entered.push(node.clone()),
                FlowAction::Decide { decision } => side.decided.push(FlowDecisionResponse::of(decision)),
                FlowAction::End { outcome } => side.outcome = Some(*outcome),
                FlowAction::Notice { .. }
                | FlowAction::Say { .. }
                | FlowAction::StopSaying
                | FlowAction::SpeakSlower
                | FlowAction::Listen { .. }
                | FlowAction::Intend { .. }
                | FlowAction::RequestTransfer { .. }
                | FlowAction::OptOut => {}
            }
        }
        side
    }

    /// Returns true if both sides decide by the same rules, enter the same nodes and end alike; scores may
    /// differ.
    fn goes_as(&self, other: &Self) -> bool {
        let rules =
            |side: &Self| -> Vec<String> { side.decided.iter().map(|one| one.rule.clone()).collect() };
        rules(self) == rules(other) && self.entered == other.entered && self.outcome == other.outcome
    }

    fn says_as(&self, other: &Self) -> bool {
        let texts =
            |side: &Self| -> Vec<Option<String>> { side.said.iter().map(|one| one.text.clone()).collect() };
        texts(self) == texts(other)
    }
}

/// How a call goes with another version, compared with its own.
#[derive(Debug)]
pub(super) struct VersionComparison {
    /// Where the ways differ.
    pub(super) parted: Option<ReplayDifference>,
    /// Where the words differ on the same way.
    pub(super) worded: Option<ReplayDifference>,
    /// The outcome there: none if the call would continue, or if the callee ended it.
    pub(super) outcome: Option<Outcome>,
    /// The outcome of the call's own version.
    pub(super) own_outcome: Option<Outcome>,
}

impl VersionComparison {
    pub(super) fn differences(self) -> impl Iterator<Item = ReplayDifference> {
        self.parted.or(self.worded).into_iter()
    }
}

/// Gives the recorded inputs of the call to another version, or its words to another model, and returns
/// where the two first differ.
pub(super) fn run(
    conversation: &Conversation,
    course: &Course,
    against: &ComparisonVersion<'_>,
) -> VersionComparison {
    let own_version = conversation.named.as_ref().and_then(|named| named.version);
    let mut both = PairedRuns {
        own: conversation.begin(&conversation.flow, own_version),
        other: conversation.begin(&against.flow, against.version),
        against,
        spoken: spoken(conversation).into_iter(),
    };
    let texts = (Texts::of(&conversation.flow), Texts::of(&against.flow));
    let mut found = VersionComparison {
        parted: None,
        worded: None,
        outcome: None,
        own_outcome: None,
    };
    let steps = step_places(conversation);
    let last = [OwnedFlowInput::Played];
    let moves = course
        .walked
        .moves
        .iter()
        .map(|one| (Some(one.first_step), one.fed.as_slice()));
    // A text that was played to its end may end the flow.
    let moves = moves.chain(course.is_explained().then_some((None, last.as_slice())));
    for (first_step, fed) in moves {
        let node = both.own.node().to_owned();
        let (mine, theirs) = both.give(fed);
        let (mine, theirs) = (ReplaySide::of(&mine, &texts.0), ReplaySide::of(&theirs, &texts.1));
        let (goes, says) = (mine.goes_as(&theirs), mine.says_as(&theirs));
        let place = first_step.and_then(|first_step| course.places.get(first_step));
        let step = place.map_or(steps.last().copied().unwrap_or_default(), |place| {
            steps.get(*place).copied().unwrap_or_default()
        });
        let difference = |what| ReplayDifference {
            flow: against.name.clone(),
            step,
            node,
            what,
            recorded: mine,
            other: theirs,
        };
        if found.parted.is_none() && !goes {
            found.parted = Some(difference(ReplayDifferenceKind::Way));
        } else if found.parted.is_none() && found.worded.is_none() && !says {
            found.worded = Some(difference(ReplayDifferenceKind::Words));
        }
    }
    found.outcome = both.other.outcome();
    found.own_outcome = both.own.outcome();
    found
}

/// The runs of the call's own version and of the other one, step by step.
struct PairedRuns<'a> {
    own: FlowRun,
    other: FlowRun,
    against: &'a ComparisonVersion<'a>,
    /// What was heard, in order.
    spoken: std::vec::IntoIter<(Option<String>, Timestamp)>,
}

impl PairedRuns<'_> {
    fn give(&mut self, fed: &[OwnedFlowInput]) -> (Vec<FlowAction>, Vec<FlowAction>) {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for one in fed {
            // If the callee was asked here, the other run must also ask before it gets the input, however
            // many texts it says first.
            if one.is_of_callee() && asks(&self.own) {
                self.play_on(&mut theirs);
            }
            mine.extend(self.own.step(one.input()));
            theirs.extend(self.give_other(one));
        }
        (mine, theirs)
    }

    fn give_other(&mut self, fed: &OwnedFlowInput) -> Vec<FlowAction> {
        let OwnedFlowInput::Spoken(_) = fed else {
            return self.other.step(fed.input());
        };
        let heard = self.spoken.next();
        let read = self
            .against
            .listener
            .zip(heard)
            .and_then(|(listener, (text, at))| {
                let text = text?;
                let read = listener.understand(&text, &self.other, at);
                Some(match fed.input() {
                    FlowInput::Spoken(recorded) => with_recorded(read, recorded, &text),
                    _ => read,
                })
            });
        match read {
            Some(read) => self.other.step(FlowInput::Spoken(&read)),
            None => self.other.step(fed.input()),
        }
    }

    fn play_on(&mut self, theirs: &mut Vec<FlowAction>) {
        for _ in 0..TEXTS_MAX {
            if asks(&self.other) || self.other.outcome().is_some() {
                return;
            }
            theirs.extend(self.other.step(FlowInput::Played));
        }
    }
}

/// Adds to another model's reading what it cannot know: the result of the campaign's knowledge base, and
/// values that were masked before the transcript was sealed.
fn with_recorded(
    mut read: UnderstandingResult,
    recorded: &UnderstandingResult,
    text: &str,
) -> UnderstandingResult {
    read.reading.knowledge.clone_from(&recorded.reading.knowledge);
    if text.contains(STAR) {
        let mut slots = recorded.slots.clone();
        slots.append(&mut read.slots);
        read.slots = slots;
    }
    read
}

/// Returns true if the flow waits for an answer of the callee, by word or by key.
fn asks(run: &FlowRun) -> bool {
    run.outcome().is_none() && (run.asking().is_some() || !run.keys().is_empty())
}

/// Returns the words of each understood utterance, in order; `None` for words that cannot be read.
fn spoken(conversation: &Conversation) -> Vec<(Option<String>, Timestamp)> {
    let mut spoken = Vec::new();
    let mut heard = None;
    for happened in &conversation.events {
        match &happened.event {
            CallEvent::Heard(fact) => heard = fact.text.value().cloned(),
            CallEvent::Understood(_) => spoken.push((heard.take(), happened.at)),
            _ => {}
        }
    }
    spoken
}

/// Returns for each event the number of the step to which it belongs, from 1.
fn step_places(conversation: &Conversation) -> Vec<usize> {
    let mut step = 0;
    let mut heard = false;
    let mut places = Vec::with_capacity(conversation.events.len());
    for happened in &conversation.events {
        step += usize::from(super::steps::opens(&happened.event, &mut heard));
        places.push(step);
    }
    places
}
