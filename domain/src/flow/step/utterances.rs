//! Execution of utterances: opt-out at any time, answers of the node, global intents, slots and their
//! corrections, confirmations, and unclear utterances.

use super::super::dialogue::{AFFIRM, DENY, DIGRESSIONS_MAX, GlobalIntent};
use super::super::nodes::{AskNode, Node};
use super::input::{FlowAction, FlowPrompt};
use super::run_memory::PendingConfirmation;
use super::{FlowRun, RunPhase};
use crate::spoken_turn::{Certainty, Explanation, ReadingSource, TurnInput, UnderstandingResult};
use std::sync::Arc;
use values::disposition::Outcome;

impl FlowRun {
    pub(super) fn take_spoken(&mut self, said: &UnderstandingResult, actions: &mut Vec<FlowAction>) {
        if said.opt_out && !self.opted_out {
            return self.opt_out_by_word(said, actions);
        }
        if self.is_over() || matches!(self.doing, RunPhase::Notices) {
            return;
        }
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        let explanation = explanation(said);
        if said.reading.certainty == Certainty::BackChannel {
            return self.explain("back_channel", explanation, actions);
        }
        if let Some(interest) = &said.interest {
            self.talked.interest = Some(interest.clone());
        }
        if let Some(emotion) = said.emotion.as_ref().filter(|emotion| emotion.may_branch) {
            self.talked.emotion = Some(emotion.level);
        }
        let asked = node.and_then(|node| node.ask());
        match asked.filter(|ask| !self.must_be_heard(ask)) {
            Some(ask) => self.take_answer(ask, said, explanation, actions),
            // The text plays to its end; only global intents interrupt it.
            None => {
                if let Some(intent) = accepted(said) {
                    let _counted = self.digress(intent, explanation, actions);
                }
            }
        }
    }

    /// Handles an utterance that could not be recognized: like an unclear one.
    pub(super) fn handle_unrecognized(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let asked = graph.nodes.get(&self.node).and_then(|node| node.kind().ask());
        if let Some(ask) = asked.filter(|ask| !self.must_be_heard(ask)) {
            self.stop_prompt(actions);
            self.climb_unclear(ask, Explanation::of(TurnInput::Unheard), actions);
        }
    }

    /// Ends the call at once, with the outcome `declined`, because a sensitive word was heard.
    pub(super) fn take_sensitive_word(&mut self, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::StopSaying);
        let because = Explanation::of(TurnInput::SensitiveWord);
        self.explain_by("sensitive_words".to_owned(), because, actions);
        self.end(Outcome::Declined, actions);
    }

    /// Handles a spoken opt-out (谢绝来电), also while another text plays: it is recorded before any text about
    /// it is said.
    fn opt_out_by_word(&mut self, said: &UnderstandingResult, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::StopSaying);
        self.explain_by("opt_out".to_owned(), explanation(said), actions);
        match self.graph.opt_out_end() {
            Some(node) => {
                let node = node.to_owned();
                self.opt_out(node, actions);
            }
            None => {
                self.note_opt_out(actions);
                self.end(Outcome::OptedOut, actions);
            }
        }
    }

    fn take_answer(
        &mut self,
        ask: &AskNode,
        said: &UnderstandingResult,
        mut explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        self.stop_prompt(actions);
        self.talked.silences = 0;
        let pending = self.talked.pending.take();
        if let Some(intent) = self.goes_first(ask, said, pending.is_some()) {
            return self.follow(ask, intent, explanation, actions);
        }
        let refused = self.fill_slots(ask, said, &mut explanation);
        if let Some(pending) = pending {
            match accepted(said) {
                Some(AFFIRM) => return self.confirmed(ask, pending, said, explanation, actions),
                Some(DENY) => return self.climb_unclear(ask, explanation, actions),
                // Any other intent is handled as an answer of its own.
                Some(_) | None => {}
            }
        }
        let corrects = |name: &String| !ask.slots.contains(name);
        if explanation.corrected.iter().any(corrects) {
            self.explain("correction", explanation, actions);
            if self.count_step(actions) {
                self.ask_text(ask, actions);
            }
            return;
        }
        let filled = ask.slots.iter().all(|slot| self.values.contains_key(slot));
        if let Some(next) = ask.on_filled.as_deref()
            && filled
            && !explanation.slots.is_empty()
        {
            self.explain("on_filled", explanation, actions);
            return self.go_to(next, actions);
        }
        if refused {
            return self.climb_unclear(ask, explanation, actions);
        }
        if let Some(intent) = accepted(said).filter(|intent| self.handles_intent(ask, intent)) {
            return self.follow(ask, intent, explanation, actions);
        }
        if self.answer_by_knowledge(ask, said, &explanation, actions) {
            return;
        }
        match (accepted(said), said.reading.certainty, said.reading.intent()) {
            (Some(intent), ..) => self.follow(ask, intent, explanation, actions),
            (None, Certainty::ToConfirm, Some(intent)) if self.leads_to_node(ask, intent) => {
                self.ask_confirmation(
                    ask,
                    PendingConfirmation::Intent(intent.to_owned()),
                    said,
                    explanation,
                    actions,
                );
            }
            (None, ..) => self.handle_uncertain_utterance(ask, said, explanation, actions),
        }
    }

    /// Returns the intent that precedes slot values in the same utterance (三期不划算，转人工): one that a fixed
    /// rule found and that leads to a node, or a denial that corrects no value. `None` if the slot values
    /// come first.
    fn goes_first<'a>(
        &self,
        ask: &AskNode,
        said: &'a UnderstandingResult,
        is_asked_back: bool,
    ) -> Option<&'a str> {
        let intent = accepted(said)?;
        let by_rule = said.reading.read_by == ReadingSource::Rule && self.leads_to_node(ask, intent);
        let refuses = intent == DENY && !is_asked_back && !self.corrects(said);
        (by_rule || refuses).then_some(intent)
    }

    /// Returns true if the utterance has another value for a slot that has a value already.
    fn corrects(&self, said: &UnderstandingResult) -> bool {
        let slots = &self.graph.dialogue().slots;
        said.slots.iter().any(|(name, value)| {
            let takes = slots.get(name).is_some_and(|slot| slot.accepts(value));
            takes && self.values.get(name).is_some_and(|before| before != value)
        })
    }

    /// Stores the slot values of the utterance; values that a slot does not accept are left out. Returns
    /// true if one of those is for a slot that this question asks for.
    fn fill_slots(
        &mut self,
        ask: &AskNode,
        said: &UnderstandingResult,
        explanation: &mut Explanation,
    ) -> bool {
        let graph = Arc::clone(&self.graph);
        let mut refused = false;
        for (name, value) in &said.slots {
            let Some(slot) = graph.dialogue().slots.get(name) else {
                continue;
            };
            if !slot.accepts(value) {
                refused |= ask.slots.contains(name);
                continue;
            }
            let before = self.values.insert(name.clone(), value.clone());
            explanation.slots.push(name.clone());
            if before.is_some_and(|before| before != *value) {
                explanation.corrected.push(name.clone());
            }
        }
        refused
    }

    /// Follows an accepted intent: to the node to which it leads from here, else as a global intent, else
    /// by `otherwise`. Without these the utterance counts as unclear.
    fn follow(
        &mut self,
        ask: &AskNode,
        intent: &str,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        self.talked.intent = Some(intent.to_owned());
        if let Some(next) = ask.intents.get(intent) {
            self.explain(&format!("intents.{intent}"), explanation, actions);
            return self.go_to(next, actions);
        }
        if self.digress(intent, explanation.clone(), actions) {
            return;
        }
        if let Some(next) = &ask.otherwise {
            self.explain("otherwise", explanation, actions);
            return self.go_to(next, actions);
        }
        self.climb_unclear(ask, explanation, actions);
    }

    fn confirmed(
        &mut self,
        ask: &AskNode,
        pending: PendingConfirmation,
        said: &UnderstandingResult,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        self.explain("confirm", explanation.clone(), actions);
        match pending {
            PendingConfirmation::Intent(intent) => self.follow(ask, &intent, explanation, actions),
            PendingConfirmation::Answer(answer) => {
                if !self.say_knowledge_answer(ask, &answer, said, &explanation, actions) {
                    self.climb_unclear(ask, explanation, actions);
                }
            }
        }
    }

    pub(super) fn leads_to_node(&self, ask: &AskNode, intent: &str) -> bool {
        ask.intents.contains_key(intent) || self.graph.dialogue().intents.contains_key(intent)
    }

    /// Does what the dialogue's global intent says and counts it: goes to its `then` node, or says its
    /// answer and repeats the current node's text. Returns false, with nothing done, if the dialogue does
    /// not have the intent or it was followed `max` times in this call.
    fn digress(&mut self, intent: &str, explanation: Explanation, actions: &mut Vec<FlowAction>) -> bool {
        let graph = Arc::clone(&self.graph);
        let Some(global) = graph.dialogue().intents.get(intent) else {
            return false;
        };
        let count = self.talked.digressions.entry(intent.to_owned()).or_default();
        if *count >= global.max.unwrap_or(DIGRESSIONS_MAX) {
            return false;
        }
        *count = count.saturating_add(1);
        self.talked.intent = Some(intent.to_owned());
        self.silence_text_once(actions);
        self.explain_by(format!("dialogue.intents.{intent}"), explanation, actions);
        if let Some(next) = &global.then {
            self.go_to(next, actions);
        } else if self.count_step(actions) {
            self.answer_and_return(global, actions);
        }
        true
    }

    /// Stops the text that is playing, unless `actions` stop it already.
    fn silence_text_once(&self, actions: &mut Vec<FlowAction>) {
        if !actions.contains(&FlowAction::StopSaying) {
            self.stop_prompt(actions);
        }
    }

    /// Says the answer of a global intent, if it has one, then repeats the text of the current node.
    fn answer_and_return(&mut self, global: &GlobalIntent, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        if global.slower {
            actions.push(FlowAction::SpeakSlower);
        }
        let answer = global.answer.as_deref();
        if let Some((id, answer)) = answer.and_then(|id| Some((id, graph.dialogue().answers.get(id)?))) {
            self.say(
                &answer.text,
                dialogue_prompt(format!("dialogue.answers.{id}.text")),
                actions,
            );
        }
        self.say_again(actions);
    }

    /// Repeats the text of the current node; of a question, also the question.
    pub(super) fn say_again(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let Some(node) = graph.nodes.get(&self.node).map(Node::kind) else {
            return;
        };
        match (node.ask(), node.question()) {
            (Some(ask), _) => self.ask_text(ask, actions),
            (None, Some(question)) => self.ask(question, actions),
            (None, None) => self.say_node(node, actions),
        }
    }
}

pub(super) fn dialogue_prompt(member: String) -> FlowPrompt {
    FlowPrompt {
        member,
        variant: None,
    }
}

fn accepted(said: &UnderstandingResult) -> Option<&str> {
    let sure = said.reading.certainty == Certainty::Accepted;
    said.reading.intent().filter(|_| sure)
}

fn explanation(said: &UnderstandingResult) -> Explanation {
    Explanation {
        reading: Some(said.reading.clone()),
        ..Explanation::of(TurnInput::Spoken)
    }
}
