//! An ask node: its question, its keys, the silence after it, and what climbs its ladders.

use super::super::dialogue::{HUMAN, Slot, SlotKind};
use super::super::graph::FlowDefinition;
use super::super::nodes::{Ask, Expect, Ladder, Node, Rung};
use super::input::{FlowAction, FlowPrompt, Interruption};
use super::{Doing, FlowRun};
use crate::ports::masking::AskedWords;
use crate::spoken_turn::{Explanation, TurnDecision, TurnInput};
use std::collections::BTreeMap;
use std::sync::Arc;
use values::transfer_reason::TransferReason;

impl FlowDefinition {
    /// What the node of this name asks; `None` where there is none, or it asks nothing.
    pub fn asked_at(&self, node: &str) -> Option<&Ask> {
        self.nodes.get(node)?.kind().ask()
    }

    /// True where a node waits for words: without a recognizer its calls fail.
    pub fn listens(&self) -> bool {
        let mut asked = self.nodes.values().filter_map(|node| node.kind().ask());
        asked.any(|ask| ask.expect != Expect::Keypress)
    }

    /// Its texts, options, labels and intents, a line each: masking takes none of their words for a name.
    pub fn own_words(&self) -> String {
        let dialogue = self.dialogue();
        let options = dialogue.slots.values().flat_map(|slot| &slot.options);
        let words = options.chain(dialogue.labels.values()).map(String::as_str);
        let intents = dialogue.intents.keys().map(String::as_str);
        let all: Vec<&str> = self.texts().into_iter().chain(words).chain(intents).collect();
        all.join("\n")
    }

    /// What its calls learn from callees, by name.
    pub fn learned_slots(&self) -> BTreeMap<String, Slot> {
        self.dialogue().slots.clone()
    }
}

impl FlowRun {
    /// The ask node where the call is; none in any other.
    pub fn asking(&self) -> Option<&Ask> {
        self.graph.nodes.get(&self.node)?.kind().ask()
    }

    /// What is learned from the callee, by name.
    pub fn slots(&self) -> &BTreeMap<String, Slot> {
        &self.graph.dialogue().slots
    }

    /// What the caller's next words answer, for masking them.
    pub fn asked_words(&self) -> AskedWords {
        let dialogue = self.graph.dialogue();
        let is_number = |slot: &Slot| matches!(slot.kind, SlotKind::Digits | SlotKind::Phone);
        let asked = self.asking().map(|ask| ask.slots.as_slice()).unwrap_or_default();
        AskedWords {
            own_words: self.graph.own_words(),
            asks_for_digits: asked
                .iter()
                .any(|name| dialogue.slots.get(name).is_some_and(is_number)),
        }
    }

    /// Keys that lead somewhere from the node where the call is.
    pub fn keys(&self) -> Vec<char> {
        let node = self.graph.nodes.get(&self.node).map(Node::kind);
        let known = |digit: &char| node.is_some_and(|node| node.key_target(*digit).is_some());
        "1234567890*#".chars().filter(known).collect()
    }

    /// Asks, unless what it asks for was said before it came to it.
    pub(super) fn begin_ask(&mut self, ask: &Ask, actions: &mut Vec<FlowAction>) {
        self.talked.asked = Some(self.node.clone());
        if self.talked.deaf && ask.keys.is_empty() {
            return self.hand_over(actions);
        }
        let known = |slot: &String| self.values.contains_key(slot);
        let told = !ask.slots.is_empty() && ask.slots.iter().all(known);
        if let Some(next) = ask.on_filled.as_deref().filter(|_| told)
            && self.talked.is_first_visit(&self.node)
        {
            self.explain("on_filled", Explanation::of(TurnInput::Played), actions);
            return self.enter(next.to_owned(), actions);
        }
        // A key from before this question is no answer to a later one.
        if self.rule.knows_spoken_nodes() {
            self.ahead.clear();
        }
        self.ask_text(ask, actions);
    }

    /// The node's own text, and the wait behind it.
    pub(super) fn ask_text(&mut self, ask: &Ask, actions: &mut Vec<FlowAction>) {
        self.say_text(&ask.text, ask.variants.as_ref(), actions);
        self.wait(ask, actions);
    }

    pub(super) fn wait(&mut self, ask: &Ask, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::Listen {
            silence_ms: ask.timeout_ms,
        });
        self.doing = Doing::Asking { played: false };
    }

    /// A decision of this node, by a member of it.
    pub(super) fn explain(&self, member: &str, explanation: Explanation, actions: &mut Vec<FlowAction>) {
        let rule = format!("nodes.{}.{member}", self.node);
        self.explain_by(rule, explanation, actions);
    }

    pub(super) fn explain_by(&self, rule: String, explanation: Explanation, actions: &mut Vec<FlowAction>) {
        let decision = Box::new(TurnDecision {
            node: self.node.clone(),
            rule,
            explanation,
        });
        actions.push(FlowAction::Decide { decision });
    }

    /// What is being said is over: somebody answers into it.
    pub(super) fn silence_text(&self, actions: &mut Vec<FlowAction>) {
        if matches!(self.doing, Doing::Saying | Doing::Asking { played: false }) {
            actions.push(FlowAction::StopSaying);
        }
    }

    pub(super) fn take_ask_key(&mut self, digit: char, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let Some(ask) = graph
            .nodes
            .get(&self.node)
            .map(Node::kind)
            .and_then(|node| node.ask())
        else {
            return;
        };
        let Some(next) = ask.node_of(digit) else {
            if let Some(refused) = self.refusal_of(digit) {
                return self.opt_out(refused, actions);
            }
            return self.climb_unclear(ask, Explanation::of(TurnInput::Keypress), actions);
        };
        let mut explanation = Explanation::of(TurnInput::Keypress);
        for (name, value) in ask.set_by(digit) {
            let before = self.values.insert(name.clone(), value.clone());
            explanation.slots.push(name.clone());
            if before.is_some_and(|before| before != *value) {
                explanation.corrected.push(name.clone());
            }
        }
        self.talked.transfer_reason = TransferReason::Requested;
        self.explain("keys", explanation, actions);
        self.go_to(next, actions);
    }

    /// To a node; where it refuses further calls, the opt-out comes first.
    pub(super) fn go_to(&mut self, next: &str, actions: &mut Vec<FlowAction>) {
        if self.graph.ends_as_opt_out(next, self.rule) {
            return self.opt_out(next.to_owned(), actions);
        }
        self.enter(next.to_owned(), actions);
    }

    /// No recognizer is left. A question that keys answer says so by what it says when nothing was
    /// understood.
    pub(super) fn take_deafness(&mut self, actions: &mut Vec<FlowAction>) {
        self.talked.deaf = true;
        if !matches!(self.doing, Doing::Asking { .. }) {
            return;
        }
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        let Some(ask) = node.and_then(|node| node.ask()) else {
            return;
        };
        self.silence_text(actions);
        if ask.keys.is_empty() {
            return self.hand_over(actions);
        }
        self.climb_unclear(ask, Explanation::of(TurnInput::Deaf), actions);
    }

    /// Nobody can answer here: to whoever the flow hands over to, or its exception branch.
    fn hand_over(&mut self, actions: &mut Vec<FlowAction>) {
        self.talked.transfer_reason = TransferReason::EngineFailure;
        let graph = Arc::clone(&self.graph);
        let human = graph.dialogue().intents.get(HUMAN);
        match human.and_then(|intent| intent.then.clone()) {
            Some(next) => {
                let rule = format!("dialogue.intents.{HUMAN}");
                self.explain_by(rule, Explanation::of(TurnInput::Deaf), actions);
                self.enter(next, actions);
            }
            None => self.fail(actions),
        }
    }

    pub(super) fn climb_silence(&mut self, ask: &Ask, actions: &mut Vec<FlowAction>) {
        let taken = self.talked.silences;
        self.talked.silences = taken.saturating_add(1);
        let explanation = Explanation {
            rung: Some(taken.saturating_add(1)),
            ..Explanation::of(TurnInput::Silence)
        };
        self.climb(ask, "on_silence", explanation, actions);
    }

    pub(super) fn climb_unclear(&mut self, ask: &Ask, because: Explanation, actions: &mut Vec<FlowAction>) {
        let taken = self.talked.unclears;
        self.talked.unclears = taken.saturating_add(1);
        let explanation = Explanation {
            rung: Some(taken.saturating_add(1)),
            ..because
        };
        self.climb(ask, "on_unclear", explanation, actions);
    }

    fn climb(
        &mut self,
        ask: &Ask,
        member: &'static str,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        self.talked.pending = None;
        let ladder: &Ladder = if member == "on_silence" {
            &ask.on_silence
        } else {
            &ask.on_unclear
        };
        let taken = explanation.rung.unwrap_or(1).saturating_sub(1);
        self.explain(member, explanation, actions);
        match ladder.rung(taken) {
            Rung::Leave(next) => {
                self.talked.leave_ladder();
                self.go_to(next, actions);
            }
            Rung::Replay => {
                if self.count_step(actions) {
                    self.ask_text(ask, actions);
                }
            }
            Rung::Say(place, text) => {
                if self.count_step(actions) {
                    let prompt = self.prompt(&format!("{member}.say[{place}]"));
                    self.say(text, prompt, actions);
                    self.wait(ask, actions);
                }
            }
        }
    }

    /// The place of a text of this node.
    pub(super) fn prompt(&self, member: &str) -> FlowPrompt {
        FlowPrompt {
            member: format!("nodes.{}.{member}", self.node),
            variant: None,
        }
    }

    /// Whether this question is being said and may not be interrupted: nothing that is said into it answers
    /// it.
    pub(super) fn must_be_heard(&self, ask: &Ask) -> bool {
        let forbidden = ask.barge_in.as_ref().is_some_and(|policy| !policy.allowed);
        forbidden && self.doing == Doing::Asking { played: false }
    }

    /// Somebody speaks into the question: it is dropped where the node allows it. Notices, texts of other
    /// nodes and the goodbye are said to their end.
    pub(super) fn take_barge_in(&mut self, heard: Interruption, actions: &mut Vec<FlowAction>) {
        let Doing::Asking { played: false } = self.doing else {
            return;
        };
        let Some(ask) = self.asking() else { return };
        let policy = ask.barge_in.clone().unwrap_or_default();
        let enough = heard.chars.is_none_or(|chars| chars >= policy.chars_min);
        let late = heard.said_ms >= policy.protect_ms && heard.voiced_ms >= policy.voiced_ms;
        if !(policy.allowed && enough && late) {
            return;
        }
        let silence_ms = ask.timeout_ms;
        actions.extend([FlowAction::StopSaying, FlowAction::Listen { silence_ms }]);
        self.doing = Doing::Asking { played: true };
    }
}
