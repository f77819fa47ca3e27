//! The memory of a run: ladder steps taken, the pending confirmation, return points of groups, counts.

use super::super::graph::FlowDefinition;
use super::super::nodes::{Node, RunFacts};
use super::{FlowAction, FlowInput, FlowRun};
use std::collections::BTreeMap;
use values::emotion::EmotionLevel;
use values::transfer_reason::TransferReason;

/// What the callee was asked to confirm; a yes carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PendingConfirmation {
    Intent(String),
    /// An answer of the campaign's knowledge base, by id.
    Answer(String),
}

/// What a run remembers besides its current node: ladders, returns, counts, the callee's last intent.
#[derive(Debug, Clone, Default)]
pub(super) struct RunMemory {
    /// Text that identifies call and flow version; selects one of several wordings.
    pub(super) call: Option<String>,
    /// The customer's offer, if the flow has offers.
    pub(super) offer: Option<String>,
    /// The node that asked the last question.
    pub(super) asked: Option<String>,
    /// Nodes that open groups return to, the innermost last.
    pub(super) returns: Vec<String>,
    /// Steps of the silence ladder taken in this visit.
    pub(super) silences: u32,
    /// Steps of the ladder for unclear answers taken in this visit.
    pub(super) unclears: u32,
    pub(super) pending: Option<PendingConfirmation>,
    /// The intent that was followed last.
    pub(super) intent: Option<String>,
    pub(super) interest: Option<String>,
    pub(super) emotion: Option<EmotionLevel>,
    /// The reason of a transfer if one followed now.
    pub(super) transfer_reason: TransferReason,
    /// No recognizer is available for the rest of the call.
    pub(super) deaf: bool,
    pub(super) entered: BTreeMap<String, u32>,
    /// How many times each answer of the knowledge base was given, by id.
    pub(super) known_answers: BTreeMap<String, u32>,
    /// How many times each global intent was followed.
    pub(super) digressions: BTreeMap<String, u32>,
}

impl RunMemory {
    /// Returns the memory of a new call of this flow; the offer is the plain one.
    pub(super) fn offered(graph: &FlowDefinition) -> Self {
        Self {
            offer: graph.offers.as_ref().map(|offers| offers.plain.clone()),
            ..Self::default()
        }
    }

    /// Counts the entry of a node, and resets the ladders and the pending confirmation.
    pub(super) fn enter(&mut self, node: &str) {
        self.silences = 0;
        self.unclears = 0;
        self.pending = None;
        if let Some(count) = self.entered.get_mut(node) {
            *count = count.saturating_add(1);
        } else {
            self.entered.insert(node.to_owned(), 1);
        }
    }

    /// Returns true if the node was entered exactly once so far.
    pub(super) fn is_first_visit(&self, node: &str) -> bool {
        self.entered.get(node) == Some(&1)
    }

    /// Sets a fault on our side as the reason of a transfer that follows.
    pub(super) const fn note_failure(&mut self) {
        self.transfer_reason = TransferReason::EngineFailure;
    }

    /// Sets the end of a reprompt ladder as the reason of a transfer that follows; after an engine failure
    /// that remains the reason.
    pub(super) fn leave_ladder(&mut self) {
        let failed = self.deaf || self.transfer_reason == TransferReason::EngineFailure;
        self.transfer_reason = match failed {
            true => TransferReason::EngineFailure,
            false => TransferReason::Ladder,
        };
    }

    pub(super) fn facts<'a>(&'a self, values: &'a BTreeMap<String, String>) -> RunFacts<'a> {
        RunFacts {
            values,
            intent: self.intent.as_deref(),
            interest: self.interest.as_deref(),
            offer: self.offer.as_deref(),
            emotion: self.emotion,
            entered: &self.entered,
        }
    }
}

impl FlowRun {
    /// Records a fault: a further one ends the call.
    pub(super) const fn note_failed(&mut self) {
        self.failed = true;
        self.talked.note_failure();
    }

    /// Returns the action that requests a transfer from the current node, with its reason.
    pub(super) fn transfer(&self) -> FlowAction {
        FlowAction::RequestTransfer {
            node: self.node.clone(),
            reason: self.talked.transfer_reason,
        }
    }

    /// Sets, from an input, the reason of a transfer that follows from it.
    pub(super) fn note_reason(&mut self, input: &FlowInput<'_>) {
        match input {
            FlowInput::Spoken(_) => self.talked.transfer_reason = TransferReason::Requested,
            FlowInput::Unheard | FlowInput::Deaf | FlowInput::Fault => self.talked.note_failure(),
            // The callee said nothing, so an earlier failure is no longer the reason unless it recurs.
            FlowInput::Silence => self.talked.transfer_reason = TransferReason::Ladder,
            FlowInput::Keypress(_)
            | FlowInput::Played
            | FlowInput::BargedIn(_)
            | FlowInput::SensitiveWord => {}
        }
    }

    /// Returns the run with the customer's offer. Without a name, or with one that the flow does not have,
    /// the plain offer remains.
    pub fn of_offer(mut self, offer: Option<&str>) -> Self {
        let known = offer.filter(|offer| self.graph.offers.as_ref().is_some_and(|one| one.has(offer)));
        if let Some(offer) = known {
            self.talked.offer = Some(offer.to_owned());
        }
        self
    }

    /// Returns the customer's offer and the current node's wording for it; `None` if the node has none.
    pub(super) fn offered_wording(&self) -> Option<(&str, &str)> {
        let offer = self.talked.offer.as_deref()?;
        let node = self.graph.nodes.get(&self.node).map(Node::kind)?;
        Some((offer, node.wording_of(offer)?))
    }
}
