//! Groups the events of a call into steps: each thing that the callee did starts a step, and what followed
//! belongs to it.

use super::course::Course;
use super::played_words::with_words;
use super::replay_inputs::Conversation;
use super::response::{
    CalleeWordsForm, FlowDecisionResponse, HeardSpeechResponse, PlayedTextResponse, ReplayStepResponse,
    ReplayUnderstandingResponse,
};
use super::texts::Texts;
use super::version_comparison::ReplaySide;
use application::transcript_masking::masked_by_node;
use domain::call::SaidFact;
use domain::call::event::CallEvent;
use domain::flow::variables_of;
use domain::spoken_turn::TurnInput;
use domain::time::Timestamp;

/// The steps of a call, and for each event the index of its step.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) shown: Vec<ReplayStepResponse>,
    step_of_event: Vec<usize>,
}

impl Steps {
    /// Returns the index of the step to which an event belongs, from 0.
    pub(super) fn of_event(&self, place: usize) -> usize {
        self.step_of_event.get(place).copied().unwrap_or_default()
    }

    /// Returns what was recorded in a step: decisions, nodes and texts.
    pub(super) fn side(&self, step: usize) -> ReplaySide {
        self.shown
            .get(step)
            .map_or_else(ReplaySide::default, |shown| ReplaySide {
                decided: shown.decided.clone(),
                entered: shown.entered.clone(),
                said: shown.said.clone(),
                outcome: None,
            })
    }

    fn open(&mut self, input: &'static str, node: &str, after_ms: u64) -> &mut ReplayStepResponse {
        self.shown.push(ReplayStepResponse {
            n: self.shown.len() + 1,
            node: node.to_owned(),
            after_ms,
            input,
            ..ReplayStepResponse::default()
        });
        self.shown.last_mut().expect("it was pushed just now")
    }
}

/// Builds the steps of a call. The texts come from the replayed course, and how much of each was spoken
/// from the events.
pub(super) fn build_steps(conversation: &Conversation, course: &Course, words: CalleeWordsForm) -> Steps {
    let mut folding = StepBuilder {
        words,
        own_words: conversation.flow.own_words(),
        steps: Steps::default(),
        answered_at: None,
        node: conversation.flow.start.clone(),
        heard: false,
    };
    for happened in &conversation.events {
        folding.take(&happened.event, happened.at);
        let step = folding.steps.shown.len().saturating_sub(1);
        folding.steps.step_of_event.push(step);
    }
    let mut steps = folding.steps;
    if words == CalleeWordsForm::Masked {
        mask_heard(conversation, &mut steps.shown);
    }
    say(conversation, course, words, &mut steps);
    steps
}

/// Masks what the callee said, across the turns of one question, so that a number dictated in two turns is
/// masked completely.
fn mask_heard(conversation: &Conversation, steps: &mut [ReplayStepResponse]) {
    let turns = conversation
        .events
        .iter()
        .filter_map(|happened| match &happened.event {
            CallEvent::Heard(fact) => {
                let text = fact.text.value().map_or("", String::as_str);
                Some((fact.node.as_str(), text))
            }
            _ => None,
        });
    let turns: Vec<(&str, &str)> = turns.collect();
    // Each turn that was heard started a step, in the same order.
    let heard = steps.iter_mut().filter_map(|step| step.heard.as_mut());
    let masked = masked_by_node(&turns, &conversation.flow.own_words());
    for (heard, text) in heard.zip(masked) {
        heard.text = heard.text.as_ref().map(|_| text);
    }
}

/// Returns true if an event starts a step. `heard` is true between an utterance and its meaning, which then
/// starts none.
pub(super) fn opens(event: &CallEvent, heard: &mut bool) -> bool {
    match event {
        CallEvent::Heard(_) => {
            *heard = true;
            true
        }
        CallEvent::Understood(_) => !std::mem::take(heard),
        CallEvent::Decided(decision) => decision.explanation.input == TurnInput::Unheard,
        CallEvent::Answered { .. }
        | CallEvent::Keypressed { .. }
        | CallEvent::SilenceTimedOut(_)
        | CallEvent::BargedIn(_)
        | CallEvent::SensitiveWordMatched(_) => true,
        _ => false,
    }
}

struct StepBuilder {
    words: CalleeWordsForm,
    own_words: String,
    steps: Steps,
    answered_at: Option<Timestamp>,
    node: String,
    /// True if something was heard and not yet understood.
    heard: bool,
}

impl StepBuilder {
    fn take(&mut self, event: &CallEvent, at: Timestamp) {
        let after_ms = self.answered_at.map_or(0, |answered_at| at.ms_since(answered_at));
        let words = self.words;
        let opens = opens(event, &mut self.heard);
        match event {
            CallEvent::Answered { .. } => {
                self.answered_at = Some(at);
                self.steps.open("answered", &self.node, 0);
            }
            CallEvent::Heard(fact) => {
                let step = self.steps.open("spoken", &fact.node, after_ms);
                step.heard = Some(HeardSpeechResponse::of(fact, words, &self.own_words));
            }
            CallEvent::Understood(fact) => {
                if opens {
                    self.steps.open("spoken", &fact.node, after_ms);
                }
                if let Some(step) = self.steps.shown.last_mut() {
                    step.understood = Some(ReplayUnderstandingResponse::of(fact, words, &self.own_words));
                }
            }
            CallEvent::Keypressed { node, digit, .. } => {
                let key = words.of(digit, "");
                self.steps.open("keypress", node, after_ms).key = key;
            }
            CallEvent::SilenceTimedOut(fact) => {
                self.steps.open("silence", &fact.node, after_ms);
            }
            CallEvent::BargedIn(fact) => {
                self.steps.open("barged_in", &fact.node, after_ms);
            }
            CallEvent::SensitiveWordMatched(fact) => {
                self.steps.open("sensitive_word", &fact.node, after_ms);
            }
            CallEvent::Decided(decision) => {
                if opens {
                    self.steps.open("unheard", &decision.node, after_ms);
                }
                if let Some(step) = self.steps.shown.last_mut() {
                    step.decided.push(FlowDecisionResponse::of(decision));
                }
            }
            CallEvent::OfferChosen(fact) => {
                if let Some(step) = self.steps.shown.last_mut() {
                    step.offer = Some(fact.in_words());
                }
            }
            CallEvent::NodeEntered { node } => {
                self.node.clone_from(node);
                if let Some(step) = self.steps.shown.last_mut() {
                    step.entered.push(node.clone());
                }
            }
            _ => {}
        }
    }
}

/// Adds the robot's texts to each step: from the replayed course, or from the events if the course does not
/// explain them.
fn say(conversation: &Conversation, course: &Course, words: CalleeWordsForm, steps: &mut Steps) {
    let knows_values = conversation.knows_values();
    let texts = Texts::of(&conversation.flow);
    let mut recorded = RecordedTexts::of(conversation);
    if let Some(first) = steps.shown.first_mut() {
        let notices = [
            Some("notices.recording"),
            conversation.flow.notices.ai.as_ref().map(|_| "notices.ai"),
        ];
        for notice in notices.into_iter().flatten() {
            first.said.push(recorded.measured(plain(texts.at(notice, None))));
        }
    }
    for one in &course.walked.moves {
        let step = course
            .places
            .get(one.first_step)
            .map_or(0, |place| steps.of_event(*place));
        let said = one.actions.iter().filter_map(|action| {
            let said = texts.said(action)?;
            Some(with_words(
                said,
                action,
                knows_values,
                &conversation.variables,
                words,
            ))
        });
        for said in said {
            let said = recorded.measured(said);
            if let Some(step) = steps.shown.get_mut(step) {
                step.said.push(said);
            }
        }
    }
    for (place, fact) in recorded.0 {
        let step = steps.of_event(place);
        let said = plain(texts.at(&fact.prompt, fact.variant.as_deref()));
        if let Some(step) = steps.shown.get_mut(step) {
            step.said.push(measured_by(said, &fact));
        }
    }
}

/// Returns a text that the course does not explain. Its words are shown only if it has no variables.
fn plain(said: PlayedTextResponse) -> PlayedTextResponse {
    let text = said.text.clone();
    PlayedTextResponse {
        words: text.filter(|text| variables_of(text).is_empty()),
        ..said
    }
}

/// Recorded texts that were not found in the walk yet.
struct RecordedTexts(Vec<(usize, SaidFact)>);

impl RecordedTexts {
    fn of(conversation: &Conversation) -> Self {
        let events = conversation.events.iter().enumerate();
        let said = events.filter_map(|(place, happened)| match &happened.event {
            CallEvent::Said(fact) => Some((place, fact.clone())),
            _ => None,
        });
        Self(said.collect())
    }

    /// Returns a text with how much of it was spoken, if that is recorded. Each record is used once.
    fn measured(&mut self, said: PlayedTextResponse) -> PlayedTextResponse {
        let found = self.0.iter().position(|(_, fact)| fact.prompt == said.prompt);
        match found {
            Some(place) => measured_by(said, &self.0.remove(place).1),
            None => said,
        }
    }
}

fn measured_by(said: PlayedTextResponse, fact: &SaidFact) -> PlayedTextResponse {
    PlayedTextResponse {
        spoken_chars: Some(fact.spoken_chars),
        prompt_chars: Some(fact.prompt_chars),
        ..said
    }
}
