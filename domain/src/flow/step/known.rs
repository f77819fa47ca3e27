//! What the campaign's knowledge answers, and what an assistant picked: the answer, and then the question
//! again; or asked back first. Which answers there are, how near and how sure, comes with what was
//! understood: nobody is asked here, so a replay needs neither base nor assistant.

use super::super::dialogue::{DIGRESSIONS_MAX, INTENT};
use super::super::nodes::Ask;
use super::FlowRun;
use super::input::FlowAction;
use super::spoken::place;
use super::talked::Pending;
use crate::spoken_turn::{ApprovedWords, Certainty, Explanation, PickOf, Understood};
use std::sync::Arc;

impl FlowRun {
    /// The answer that was asked back and waits for a yes: whoever understands hands its words in.
    pub fn awaited_answer(&self) -> Option<&str> {
        match &self.talked.pending {
            Some(Pending::Answer(answer)) => Some(answer),
            Some(Pending::Intent(_)) | None => None,
        }
    }

    /// What an intent is called towards a callee.
    pub fn label<'a>(&'a self, intent: &'a str) -> &'a str {
        self.graph.dialogue().label(intent)
    }

    /// True where this intent leads somewhere from the question being asked.
    pub fn takes_intent(&self, intent: &str) -> bool {
        self.asking().is_some_and(|ask| self.goes_somewhere(ask, intent))
    }

    /// An accepted intent goes before any answer where the flow knows a way for it, `otherwise` apart.
    pub(super) fn has_way_for(&self, ask: &Ask, intent: &str) -> bool {
        if ask.intents.contains_key(intent) {
            return true;
        }
        let global = self.graph.dialogue().intents.get(intent);
        let answered = self.talked.digressions.get(intent).copied().unwrap_or_default();
        global.is_some_and(|global| answered < global.max.unwrap_or(DIGRESSIONS_MAX))
    }

    /// An answer that is sure, by its score or because an assistant picked it among those found; false where
    /// there is none.
    pub(super) fn answer_by_knowledge(
        &mut self,
        ask: &Ask,
        said: &Understood,
        explanation: &Explanation,
        actions: &mut Vec<FlowAction>,
    ) -> bool {
        let Some(knowledge) = &said.reading.knowledge else {
            return false;
        };
        let picked = said.reading.picked.as_ref();
        let picked = picked.filter(|picked| {
            let offered = |one: &crate::spoken_turn::AnswerCandidate| one.answer == picked.choice;
            picked.pick_of == PickOf::Answer && knowledge.candidates.iter().any(offered)
        });
        let sure = knowledge
            .answer()
            .filter(|_| knowledge.certainty == Certainty::Accepted);
        match picked.map(|picked| picked.choice.as_str()).or(sure) {
            Some(answer) => self.say_known(ask, answer, said, explanation, actions),
            None => false,
        }
    }

    /// Nothing is sure: what lies between the thresholds is asked back, an answer before an assistant's
    /// guess.
    pub(super) fn fall_back(
        &mut self,
        ask: &Ask,
        said: &Understood,
        explanation: Explanation,
        actions: &mut Vec<FlowAction>,
    ) {
        let knowledge = said.reading.knowledge.as_ref();
        let near = knowledge.filter(|knowledge| knowledge.certainty == Certainty::ToConfirm);
        let near = near.and_then(|knowledge| knowledge.answer());
        if let Some(answer) = near.filter(|answer| self.may_answer(answer)) {
            let pending = Pending::Answer(answer.to_owned());
            return self.ask_back(ask, pending, said, explanation, actions);
        }
        let picked = said.reading.picked.as_ref();
        let picked = picked.filter(|picked| picked.pick_of == PickOf::Intent);
        match picked.filter(|picked| self.goes_somewhere(ask, &picked.choice)) {
            // Never taken for what it says at once: an assistant's pick counts after the callee's own yes.
            Some(picked) => {
                let pending = Pending::Intent(picked.choice.clone());
                self.ask_back(ask, pending, said, explanation, actions);
            }
            None => self.climb_unclear(ask, explanation, actions),
        }
    }

    /// Between the thresholds: asked back, once; without a wording for it, it counts as unclear.
    pub(super) fn ask_back(
        &mut self,
        ask: &Ask,
        pending: Pending,
        said: &Understood,
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
            Pending::Intent(intent) => dialogue.label(intent),
            Pending::Answer(answer) => words(said, answer).map_or("", |words| words.question.as_str()),
        };
        let text = wording.replace(INTENT, label);
        let prompt = match own {
            Some(_) => self.prompt("confirm"),
            None => place("dialogue.confirm".to_owned()),
        };
        self.say(&text, prompt, actions);
        self.wait(ask, actions);
        self.talked.pending = Some(pending);
    }

    /// The answer, and then the question again; false where it was said often enough in this call.
    pub(super) fn say_known(
        &mut self,
        ask: &Ask,
        answer: &str,
        said: &Understood,
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
        self.say(text, place(format!("knowledge.answers.{answer}.text")), actions);
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

/// The words of an answer; in a replay there are none, and none are needed.
fn words<'a>(said: &'a Understood, answer: &str) -> Option<&'a ApprovedWords> {
    said.answers.get(answer)
}
