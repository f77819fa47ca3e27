//! Execution of an ask node: its question, keypresses, silence and the reprompt ladders.

use super::super::dialogue::{HUMAN, Slot, SlotKind};
use super::super::graph::FlowDefinition;
use super::super::nodes::{AskNode, ExpectedInput, Ladder, LadderStep, Node};
use super::input::{FlowAction, FlowPrompt, Interruption};
use super::{FlowRun, RunPhase};
use crate::ports::masking::MaskingContext;
use crate::spoken_turn::{Explanation, TurnDecision, TurnInput};
use std::collections::BTreeMap;
use std::sync::Arc;
use values::transfer_reason::TransferReason;

impl FlowDefinition {
    /// Returns the ask node of this name; `None` if there is no node of this name or it is of another kind.
    pub fn find_ask_node(&self, node: &str) -> Option<&AskNode> {
        self.nodes.get(node)?.kind().ask()
    }

    /// Returns true if a node of the flow expects speech. Its calls fail without a recognizer.
    pub fn listens(&self) -> bool {
        let mut asked = self.nodes.values().filter_map(|node| node.kind().ask());
        asked.any(|ask| ask.expect != ExpectedInput::Keypress)
    }

    /// Returns the flow's texts, slot options, labels and intents, one per line. Masking does not treat
    /// these words as names.
    pub fn own_words(&self) -> String {
        let dialogue = self.dialogue();
        let options = dialogue.slots.values().flat_map(|slot| &slot.options);
        let words = options.chain(dialogue.labels.values()).map(String::as_str);
        let intents = dialogue.intents.keys().map(String::as_str);
        let all: Vec<&str> = self.texts().into_iter().chain(words).chain(intents).collect();
        all.join("\n")
    }

    /// Returns the slots that calls of the flow collect from callees, by name.
    pub fn learned_slots(&self) -> BTreeMap<String, Slot> {
        self.dialogue().slots.clone()
    }
}

impl FlowRun {
    /// Returns the ask node in which the call is; `None` in a node of another kind.
    pub fn asking(&self) -> Option<&AskNode> {
        self.graph.nodes.get(&self.node)?.kind().ask()
    }

    /// Returns the slots that the call collects, by name.
    pub fn slots(&self) -> &BTreeMap<String, Slot> {
        &self.graph.dialogue().slots
    }

    /// Returns what masking needs to know of the current question: the flow's own words, and whether the
    /// question asks for digits.
    pub fn masking_context(&self) -> MaskingContext {
        let dialogue = self.graph.dialogue();
        let is_number = |slot: &Slot| matches!(slot.kind, SlotKind::Digits | SlotKind::Phone);
        let asked = self.asking().map(|ask| ask.slots.as_slice()).unwrap_or_default();
        MaskingContext {
            own_words: self.graph.own_words(),
            asks_for_digits: asked
                .iter()
                .any(|name| dialogue.slots.get(name).is_some_and(is_number)),
        }
    }

    /// Returns the keys that lead to a node from the current node.
    pub fn keys(&self) -> Vec<char> {
        let node = self.graph.nodes.get(&self.node).map(Node::kind);
        let known = |digit: &char| node.is_some_and(|node| node.key_target(*digit).is_some());
        "1234567890*#".chars().filter(known).collect()
    }

    /// Asks the question: says it and waits for the answer. On a node's first visit it is skipped if all of
    /// its slots have a value. Without a recognizer and without keys the call is handed over.
    pub(super) fn begin_ask(&mut self, ask: &AskNode, actions: &mut Vec<FlowAction>) {
        self.talked.asked = Some(self.node.clone());
        if self.talked.deaf && ask.keys.is_empty() {
            return self.hand_over(actions);
        }
        let known = |slot: &String| self.values.contains_key(slot);
        let is_filled = !ask.slots.is_empty() && ask.slots.iter().all(known);
        if let Some(next) = ask.on_filled.as_deref().filter(|_| is_filled)
            && self.talked.is_first_visit(&self.node)
        {
            self.explain("on_filled", Explanation::of(TurnInput::Played), actions);
            return self.enter(next.to_owned(), actions);
        }
        // A key pressed before this question does not answer a later question.
        if self.rule.knows_spoken_nodes() {
            self.ahead.clear();
        }
        self.ask_text(ask, actions);
    }

    /// Says the node's text and waits for the answer.
    pub(super) fn ask_text(&mut self, ask: &AskNode, actions: &mut Vec<FlowAction>) {
        self.say_text(&ask.text, ask.variants.as_ref(), actions);
        self.wait(ask, actions);
    }

    pub(super) fn wait(&mut self, ask: &AskNode, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::Listen {
            silence_ms: ask.timeout_ms,
        });
        self.doing = RunPhase::Asking { played: false };
    }

    /// Records a decision made in the current node, with the member that decided.
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

    /// Stops the text that is playing because the callee answered into it; nothing if none is playing.
    pub(super) fn stop_prompt(&self, actions: &mut Vec<FlowAction>) {
        if matches!(self.doing, RunPhase::Saying | RunPhase::Asking { played: false }) {
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

    /// Continues at a node. If the node leads to an opt-out in every case, the opt-out is recorded first.
    pub(super) fn go_to(&mut self, next: &str, actions: &mut Vec<FlowAction>) {
        if self.graph.ends_as_opt_out(next, self.rule) {
            return self.opt_out(next.to_owned(), actions);
        }
        self.enter(next.to_owned(), actions);
    }

    /// Handles the loss of the last recognizer. A question with keys continues with its `on_unclear`
    /// ladder; any other question hands the call over.
    pub(super) fn take_deafness(&mut self, actions: &mut Vec<FlowAction>) {
        self.talked.deaf = true;
        if !matches!(self.doing, RunPhase::Asking { .. }) {
            return;
        }
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        let Some(ask) = node.and_then(|node| node.ask()) else {
            return;
        };
        self.stop_prompt(actions);
        if ask.keys.is_empty() {
            return self.hand_over(actions);
        }
        self.climb_unclear(ask, Explanation::of(TurnInput::Deaf), actions);
    }

    /// Leaves a question that the callee can no longer answer: to the node of the global transfer intent,
    /// else to the exception branch.
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

    pub(super) fn climb_silence(&mut self, ask: &AskNode, actions: &mut Vec<FlowAction>) {
        let taken = self.talked.silences;
        self.talked.silences = taken.saturating_add(1);
        let explanation = Explanation {
            rung: Some(taken.saturating_add(1)),
            ..Explanation::of(TurnInput::Silence)
        };
        self.climb(ask, "on_silence", explanation, actions);
    }

    pub(super) fn climb_unclear(
        &mut self,
        ask: &AskNode,
        because: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
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
        ask: &AskNode,
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
            LadderStep::Leave(next) => {
                self.talked.leave_ladder();
                self.go_to(next, actions);
            }
            LadderStep::Replay => {
                if self.count_step(actions) {
                    self.ask_text(ask, actions);
                }
            }
            LadderStep::Say(place, text) => {
                if self.count_step(actions) {
                    let prompt = self.prompt(&format!("{member}.say[{place}]"));
                    self.say(text, prompt, actions);
                    self.wait(ask, actions);
                }
            }
        }
    }

    /// Returns the reference to a text member of the current node.
    pub(super) fn prompt(&self, member: &str) -> FlowPrompt {
        FlowPrompt {
            member: format!("nodes.{}.{member}", self.node),
            variant: None,
        }
    }

    /// Returns true while a question plays that does not permit barge-in. Speech during this time does not
    /// answer it.
    pub(super) fn must_be_heard(&self, ask: &AskNode) -> bool {
        let forbidden = ask.barge_in.as_ref().is_some_and(|policy| !policy.allowed);
        forbidden && self.doing == RunPhase::Asking { played: false }
    }

    /// Handles speech into a playing text: stops a question if the node's barge-in settings permit it.
    /// Notices, texts of other nodes and the last text are played to their end.
    pub(super) fn take_barge_in(&mut self, heard: Interruption, actions: &mut Vec<FlowAction>) {
        let RunPhase::Asking { played: false } = self.doing else {
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
        self.doing = RunPhase::Asking { played: true };
    }
}
