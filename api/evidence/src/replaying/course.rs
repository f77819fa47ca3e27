//! Walks a call again through its own flow version: the inputs and actions of the flow, and where this build
//! decides otherwise than was recorded.

use super::replay_inputs::Conversation;
use super::response::FlowDecisionResponse;
use super::steps::Steps;
use super::texts::Texts;
use super::version_comparison::{ReplayDifference, ReplayDifferenceKind, ReplaySide};
use crate::bundle::recorded_path::RecordedStep;
use crate::bundle::walk::{FlowWalk, walk};
use domain::call::event::{CallEvent, EndReason};
use domain::flow::{FlowAction, FlowInput};
use domain::spoken_turn::{Explanation, TurnDecision, TurnInput};

/// The replayed course of a call.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) walked: FlowWalk,
    /// The index of the event of each step in `story`.
    pub(super) places: Vec<usize>,
    story: Vec<RecordedStep>,
}

impl Course {
    pub(super) fn of(conversation: &Conversation) -> Self {
        let (places, story): (Vec<usize>, Vec<RecordedStep>) = conversation.story().unzip();
        let version = conversation.named.as_ref().and_then(|named| named.version);
        let begins = conversation.begin(&conversation.flow, version);
        Self {
            walked: walk(begins, &conversation.flow, &story),
            places,
            story,
        }
    }

    /// Returns true if the flow, run by this build, explains every recorded step.
    pub(super) fn is_explained(&self) -> bool {
        self.walked.otherwise.is_none()
    }

    /// Returns true if this build decides the whole call as it was recorded.
    pub(super) fn is_unchanged(&self, conversation: &Conversation) -> bool {
        self.differences(conversation, &Steps::default()).is_empty()
    }

    /// Returns the first decision that this build makes differently than recorded; empty if there is none.
    pub(super) fn differences(&self, conversation: &Conversation, steps: &Steps) -> Vec<ReplayDifference> {
        let found = unlike_choice(conversation, steps);
        let found = found.or_else(|| self.unlike_decision(conversation, steps));
        let found = found.or_else(|| self.unexplained(conversation, steps));
        found
            .or_else(|| self.other_end(conversation, steps))
            .into_iter()
            .collect()
    }

    /// Returns the first recorded step that the flow does not reach by this build, with what it does
    /// instead; `None` if all are reached.
    fn unexplained(&self, conversation: &Conversation, steps: &Steps) -> Option<ReplayDifference> {
        self.walked.otherwise.as_ref()?;
        let recorded_step = self.story.get(self.walked.explained)?;
        let place = *self.places.get(self.walked.explained)?;
        let input = match recorded_step {
            RecordedStep::Key(digit) => FlowInput::Keypress(digit.unwrap_or('#')),
            RecordedStep::Spoken(spoken) => FlowInput::Spoken(&spoken.understood),
            RecordedStep::Silence => FlowInput::Silence,
            RecordedStep::BargedIn(heard) => FlowInput::BargedIn(*heard),
            RecordedStep::SensitiveWord => FlowInput::SensitiveWord,
            RecordedStep::Deaf => FlowInput::Deaf,
            RecordedStep::Decided { unheard: true, .. } => FlowInput::Unheard,
            RecordedStep::Node(_) | RecordedStep::Transfer(_) | RecordedStep::Decided { .. } => {
                FlowInput::Played
            }
        };
        let mut run = self.walked.run.clone();
        let node = run.node().to_owned();
        let texts = Texts::of(&conversation.flow);
        let other = ReplaySide::of(&run.step(input), &texts);
        let step = steps.of_event(place);
        Some(ReplayDifference {
            flow: conversation.named(),
            step: step + 1,
            node,
            what: ReplayDifferenceKind::Way,
            recorded: steps.side(step),
            other,
        })
    }

    /// Returns the first decision that this build makes by the same member of the flow, but for other
    /// reasons.
    fn unlike_decision(&self, conversation: &Conversation, steps: &Steps) -> Option<ReplayDifference> {
        let texts = Texts::of(&conversation.flow);
        let decided = |action: &FlowAction| match action {
            FlowAction::Decide { decision } => Some(decision.as_ref().clone()),
            _ => None,
        };
        for one in &self.walked.moves {
            let until = self.story.len().min(self.until(one.first_step));
            let recorded = (one.first_step..until).filter_map(|index| {
                match &conversation.events.get(*self.places.get(index)?)?.event {
                    CallEvent::Decided(decision) => Some((index, decision)),
                    _ => None,
                }
            });
            let made: Vec<TurnDecision> = one.actions.iter().filter_map(decided).collect();
            for ((index, recorded), made) in recorded.zip(&made) {
                if is_same(recorded, made, conversation.call.is_none()) {
                    continue;
                }
                let step = self.places.get(index).map_or(0, |place| steps.of_event(*place));
                return Some(ReplayDifference {
                    flow: conversation.named(),
                    step: step + 1,
                    node: recorded.node.clone(),
                    what: ReplayDifferenceKind::Explanation,
                    recorded: steps.side(step),
                    other: ReplaySide::of(&one.actions, &texts),
                });
            }
        }
        None
    }

    /// Returns the index of the first step that follows the walk's segment with this step.
    fn until(&self, step: usize) -> usize {
        let mut behind = self.walked.moves.iter().map(|one| one.first_step);
        behind
            .find(|other| *other > step)
            .unwrap_or(self.walked.explained)
    }

    /// Returns a difference if the flow ends with another outcome than was recorded.
    fn other_end(&self, conversation: &Conversation, steps: &Steps) -> Option<ReplayDifference> {
        let by_flow = conversation
            .events
            .iter()
            .find_map(|happened| match &happened.event {
                CallEvent::Ended {
                    outcome,
                    reason: EndReason::FlowEnded,
                    ..
                } => Some(*outcome),
                _ => None,
            });
        let recorded = by_flow?;
        if recorded == self.walked.outcome || self.story.is_empty() {
            return None;
        }
        Some(ReplayDifference {
            flow: conversation.named(),
            step: steps.shown.len(),
            node: self.walked.run.node().to_owned(),
            what: ReplayDifferenceKind::Outcome,
            recorded: ReplaySide {
                outcome: recorded,
                ..ReplaySide::default()
            },
            other: ReplaySide {
                outcome: self.walked.outcome,
                ..ReplaySide::default()
            },
        })
    }
}

/// Returns a difference if this build chooses another offer from the recorded facts. Not checked for a
/// bundle, which contains none of these facts.
fn unlike_choice(conversation: &Conversation, steps: &Steps) -> Option<ReplayDifference> {
    let recorded = conversation.chosen().filter(|_| conversation.call.is_some())?;
    let offers = conversation.flow.offers.as_ref()?;
    let made = offers.chosen(&recorded.restore_known_facts()?, recorded.as_of);
    if (&made.offer, made.reason) == (&recorded.offer, recorded.reason) {
        return None;
    }
    let start = &conversation.flow.start;
    let side = |offer: &str| ReplaySide {
        decided: vec![FlowDecisionResponse::of(&TurnDecision {
            node: start.clone(),
            rule: format!("offers.{offer}"),
            explanation: Explanation::of(TurnInput::Played),
        })],
        ..ReplaySide::default()
    };
    Some(ReplayDifference {
        flow: conversation.named(),
        step: steps.of_event(0) + 1,
        node: start.clone(),
        what: ReplayDifferenceKind::Explanation,
        recorded: side(&recorded.offer),
        other: side(&made.offer),
    })
}

/// Returns true if two decisions are the same. If `masked`, slots that a turn corrected are not compared:
/// they depend on values that a bundle does not contain.
fn is_same(recorded: &TurnDecision, made: &TurnDecision, masked: bool) -> bool {
    if !masked {
        return recorded == made;
    }
    let bare = |decision: &TurnDecision| {
        let mut decision = decision.clone();
        decision.explanation.corrected.clear();
        decision
    };
    bare(recorded) == bare(made)
}
