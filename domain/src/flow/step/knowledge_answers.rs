//! Answers from the campaign's knowledge base and choices of the assistant: says the answer and repeats the
//! question, or asks for confirmation first. The candidates and their scores arrive with the utterance, so a
//! replay needs neither knowledge base nor assistant.

use super::super::dialogue::{DIGRESSIONS_MAX, INTENT};
use super::super::nodes::AskNode;
use super::FlowRun;
use super::input::FlowAction;
use super::run_memory::PendingConfirmation;
use super::utterances::dialogue_prompt;
use crate::spoken_turn::{Certainty, Explanation, PickKind, SpokenAnswer, UnderstandingResult};
use std::sync::Arc;

impl FlowRun {
    /// Returns the id of the knowledge base answer that awaits the callee's confirmation; `None` if none
    /// does. The caller of `step` must supply its words.
    pub fn awaited_answer(&self) -> Option<&str> {
        match &self.talked.pending {
            Some(PendingConfirmation::Answer(answer)) => Some(answer),
            Some(PendingConfirmation::Intent(_)) | None => None,
        }
    }

    /// Returns the name of an intent for texts to the callee: its label, or its id if it has none.
    pub fn label<'a>(&'a self, intent: &'a str) -> &'a str {
        self.graph.dialogue().label(intent)
    }

    /// Returns true if this intent leads to a node from the question in which the call is.
    pub fn takes_intent(&self, intent: &str) -> bool {
        self.asking().is_some_and(|ask| self.leads_to_node(ask, intent))
    }

    /// Returns true if the node or a global intent with uses left handles this intent; it then precedes an
    /// answer of the knowledge base. `otherwise` does not count.
    pub(super) fn handles_intent(&self, ask: &AskNode, intent: &str) -> bool {
        if ask.intents.contains_key(intent) {
            return true;
        }
        let global = self.graph.dialogue().intents.get(intent);
        let answered = self.talked.digressions.get(intent).copied().unwrap_or_default();
        global.is_some_and(|global| answered < global.max.unwrap_or(DIGRESSIONS_MAX))
    }

    /// Says a knowledge base answer that is certain: by its score, or because the assistant selected it
    /// among the candidates. Returns false, with nothing done, if there is none.
    pub(super) fn answer_by_knowledge(
        &mut self,
        ask: &AskNode,
        said: &UnderstandingResult,
        explanation: &Explanation,
        actions: &mut Vec<FlowAction>,
    ) -> bool {
        let Some(knowledge) = &said.reading.knowledge else {
            return false;
        };
        let picked = said.reading.picked.as_ref();
        let picked = picked.filter(|picked| {
            let offered = |one: &crate::spoken_turn::AnswerCandidate| one.answer == picked.choice;
            picked.pick_of == PickKind::Answer && knowledge.candidates.iter().any(offered)
        });
        let sure = knowledge
            .answer()
            .filter(|_| knowledge.certainty == Certainty::Accepted);
        match picked.map(|picked| picked.choice.as_str()).or(sure) {
            Some(answer) => self.say_knowledge_answer(ask, answer, said, explanation, actions),
            None => false,
        }
    }

    /// Handles an utterance without a certain meaning: asks the callee to confirm a knowledge base answer
    /// between the thresholds, else an intent that the assistant selected. Without either, the utterance
    /// counts as unclear.
    pub(super) fn handle_uncertain_utterance(
        &mut self,
        ask: &AskNode,
        said: &UnderstandingResult,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        let knowledge = said.reading.knowledge.as_ref();
        let near = knowledge.filter(|knowledge| knowledge.certainty == Certainty::ToConfirm);
        let near = near.and_then(|knowledge| knowledge.answer());
        if let Some(answer) = near.filter(|answer| self.may_answer(answer)) {
            let pending = PendingConfirmation::Answer(answer.to_owned());
            return self.ask_confirmation(ask, pending, said, explanation, actions);
        }
        let picked = said.reading.picked.as_ref();
        let picked = picked.filter(|picked| picked.pick_of == PickKind::Intent);
        match picked.filter(|picked| self.leads_to_node(ask, &picked.choice)) {
            // An assistant's choice is never followed at once; it counts after the callee's own yes.
            Some(picked) => {
                let pending = PendingConfirmation::Intent(picked.choice.clone());
                self.ask_confirmation(ask, pending, said, explanation, actions);
            }
            None => self.climb_unclear(ask, explanation, actions),
        }
    }

    /// Asks the callee to confirm an intent or answer. Without a confirmation wording in the flow, the
    /// utterance counts as unclear.
    pub(super) fn ask_confirmation(
        &mut self,
        ask: &AskNode,
        pending: PendingConfirmation,
        said: &UnderstandingResult,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        let graph = Arc::clone(&self.graph);
        let dialogue = graph.dialogue();
        let own = ask.confirm.as_deref();
        let Some(wording) = own.or(dialogue.confirm.as_deref()) else {
            return self.climb_unclear(ask, explanation, actions);
        };
        self.explain("confirm", explanation, actions);
        if !self.count_step(actions) {
            return;
        }
        let label = match &pending {
            PendingConfirmation::Intent(intent) => dialogue.label(intent),
            PendingConfirmation::Answer(answer) => {
                words(said, answer).map_or("", |words| words.question.as_str())
            }
        };
        let text = wording.replace(INTENT, label);
        let prompt = match own {
            Some(_) => self.prompt("confirm"),
            None => dialogue_prompt("dialogue.confirm".to_owned()),
        };
        self.say(&text, prompt, actions);
        self.wait(ask, actions);
        self.talked.pending = Some(pending);
    }

    /// Says a knowledge base answer and repeats the question. Returns false, with nothing done, if the
    /// answer was given `DIGRESSIONS_MAX` times in this call.
    pub(super) fn say_knowledge_answer(
        &mut self,
        ask: &AskNode,
        answer: &str,
        said: &UnderstandingResult,
        explanation: &Explanation,
        actions: &mut Vec<FlowAction>,
    ) -> bool {
        if !self.may_answer(answer) {
            return false;
        }
        let count = self.talked.known_answers.entry(answer.to_owned()).or_default();
        *count = count.saturating_add(1);
        self.explain_by(
            format!("knowledge.answers.{answer}"),
            explanation.clone(),
            actions,
        );
        if !self.count_step(actions) {
            return true;
        }
        let words = words(said, answer);
        let text = words.map_or("", |words| words.text.as_str());
        self.say(
            text,
            dialogue_prompt(format!("knowledge.answers.{answer}.text")),
            actions,
        );
        if let Some(FlowAction::Say { personal, .. }) = actions.last_mut() {
            *personal |= words.is_some_and(|words| words.personal);
        }
        self.ask_text(ask, actions);
        true
    }

    fn may_answer(&self, answer: &str) -> bool {
        let said = self.talked.known_answers.get(answer).copied();
        said.unwrap_or_default() < DIGRESSIONS_MAX
    }
}

/// Returns the words of a knowledge base answer; `None` in a replay, which does not need them.
fn words<'a>(said: &'a UnderstandingResult, answer: &str) -> Option<&'a SpokenAnswer> {
    said.answers.get(answer)
}
