//! What a run remembers of what was said: rungs climbed, what is to be confirmed, where to come back to.

use super::super::graph::FlowDefinition;
use super::super::nodes::{Facts, Node};
use super::{FlowAction, FlowInput, FlowRun};
use std::collections::BTreeMap;
use values::emotion::EmotionLevel;
use values::transfer_reason::TransferReason;

/// What was asked back, and counts after a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pending {
    Intent(String),
    /// An answer of the campaign's knowledge, by its id.
    Answer(String),
}

/// Kept beside where the call is.
#[derive(Debug, Clone, Default)]
pub(super) struct Talked {
    /// Call and version, by which one of several wordings is chosen.
    pub(super) call: Option<String>,
    /// The offer that the person is made, where the flow has several.
    pub(super) offer: Option<String>,
    /// The node that asked last.
    pub(super) asked: Option<String>,
    /// Where groups return to, the innermost last.
    pub(super) returns: Vec<String>,
    /// Steps of the silence's ladder, in this visit.
    pub(super) silences: u32,
    /// Steps of the ladder of what is not understood, in this visit.
    pub(super) unclears: u32,
    pub(super) pending: Option<Pending>,
    /// What was understood last.
    pub(super) intent: Option<String>,
    pub(super) interest: Option<String>,
    pub(super) emotion: Option<EmotionLevel>,
    /// Why a transfer would follow now.
    pub(super) transfer_reason: TransferReason,
    /// Nothing that is said can be heard any more.
    pub(super) deaf: bool,
    pub(super) entered: BTreeMap<String, u32>,
    /// How often each answer of the campaign's knowledge was said.
    pub(super) known_answers: BTreeMap<String, u32>,
    /// How often each intent was answered beside the way.
    pub(super) digressions: BTreeMap<String, u32>,
}

impl Talked {
    /// Of a call of which nothing is known yet: the plain offer.
    pub(super) fn offered(graph: &FlowDefinition) -> Self {
        Self {
            offer: graph.offers.as_ref().map(|offers| offers.plain.clone()),
            ..Self::default()
        }
    }

    /// A node is entered: what was climbed and asked back in the one before is over.
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

    /// True in the first visit of a node.
    pub(super) fn is_first_visit(&self, node: &str) -> bool {
        self.entered.get(node) == Some(&1)
    }

    /// Something of ours failed: a transfer that follows is for that.
    pub(super) const fn note_failure(&mut self) {
        self.transfer_reason = TransferReason::EngineFailure;
    }

    /// The end of a ladder is reached; where nothing can be heard, that is why.
    pub(super) fn leave_ladder(&mut self) {
        let failed = self.deaf || self.transfer_reason == TransferReason::EngineFailure;
        self.transfer_reason = match failed {
            true => TransferReason::EngineFailure,
            false => TransferReason::Ladder,
        };
    }

    pub(super) fn facts<'a>(&'a self, values: &'a BTreeMap<String, String>) -> Facts<'a> {
        Facts {
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
    /// A fault was met: what follows comes of it.
    pub(super) const fn note_failed(&mut self) {
        self.failed = true;
        self.talked.note_failure();
    }

    /// The transfer of the node where the call is, with its reason.
    pub(super) fn transfer(&self) -> FlowAction {
        FlowAction::RequestTransfer {
            node: self.node.clone(),
            reason: self.talked.transfer_reason,
        }
    }

    /// What a transfer would be for that follows from this input, until another one comes.
    pub(super) fn note_reason(&mut self, input: &FlowInput<'_>) {
        match input {
            FlowInput::Spoken(_) => self.talked.transfer_reason = TransferReason::Requested,
            FlowInput::Unheard | FlowInput::Deaf | FlowInput::Fault => self.talked.note_failure(),
            // The callee said nothing: what failed before is no reason any more, unless it goes on.
            FlowInput::Silence => self.talked.transfer_reason = TransferReason::Ladder,
            FlowInput::Keypress(_)
            | FlowInput::Played
            | FlowInput::BargedIn(_)
            | FlowInput::SensitiveWord => {}
        }
    }

    /// Names the offer that the person is made; the plain one where nothing is named, or what the flow has
    /// not.
    pub fn of_offer(mut self, offer: Option<&str>) -> Self {
        let known = offer.filter(|offer| self.graph.offers.as_ref().is_some_and(|one| one.has(offer)));
        if let Some(offer) = known {
            self.talked.offer = Some(offer.to_owned());
        }
        self
    }

    /// The wording that the node has for the offer of this call.
    pub(super) fn offered_wording(&self) -> Option<(&str, &str)> {
        let offer = self.talked.offer.as_deref()?;
        let node = self.graph.nodes.get(&self.node).map(Node::kind)?;
        Some((offer, node.wording_of(offer)?))
    }
}
