//! Asks an assistant (a language model) when the understanding is unsure and the campaign allows it. It picks
//! one of the answers found, or else one of the intents that lead somewhere. The question and the answer are
//! stored before anything follows from them. A late answer, prose or an id that was not offered has the
//! effect of no answer.

use super::session::ConversationSession;
use crate::drivers::driver_context::Halt;
use domain::assistant_facts::{AssistantAnsweredFact, AssistantAskedFact, OPTIONS_MAX};
use domain::call::TurnFact;
use domain::flow::{FlowRun, UnderstandingResult};
use domain::ports::assistant::{AssistantOption, AssistantPick, AssistantQuestion};
use domain::ports::recognizer::Utterance;
use domain::spoken_turn::{AssistantChoice, Certainty, PickKind};
use std::sync::Arc;

impl ConversationSession<'_> {
    /// Asks the assistant about an utterance that is not understood with certainty, and adds its pick to
    /// `understood`. Does nothing if the campaign has no assistant, before the recording notice was heard,
    /// or if the assistant may not be asked now.
    pub(super) async fn assist(
        &mut self,
        said: &Utterance,
        understood: &mut UnderstandingResult,
    ) -> Result<(), Halt> {
        let kit = Arc::clone(&self.kit);
        let assist = kit
            .ports
            .hearing
            .as_ref()
            .and_then(|hearing| hearing.assist.as_ref());
        let plan = self.attempt.facts.plan.assist.as_deref();
        // Until the recording notice has been heard, no word of the callee leaves the installation.
        let (Some(assist), Some(plan), Some(run), true) = (assist, plan, self.run.as_ref(), self.kept.words)
        else {
            return Ok(());
        };
        let Some((pick_of, options)) = offered(run, understood, |pick_of| plan.allows(pick_of)) else {
            return Ok(());
        };
        let campaign = &self.attempt.facts.campaign;
        let since_said_ms = self.ear.as_ref().map_or(0, |ear| ear.ms_since(said.end_ms));
        let Some(within_ms) = assist.admits(campaign, plan, since_said_ms, kit.now()) else {
            return Ok(());
        };
        let question = AssistantQuestion {
            language: run.language().to_owned(),
            pick_of,
            said: assist.masking.masked_answer(&said.text, &run.masking_context()),
            options,
        };
        let prompt = assist.assistant.prompt(&question);
        let asked = AssistantAskedFact {
            node: self.node.clone(),
            pick_of,
            model: assist.assistant.model().to_owned(),
            prompt_sha256: prompt.sha256.clone(),
            candidates: question.options.iter().map(|one| one.id.clone()).collect(),
        };
        self.note_turn(TurnFact::AssistantAsked(asked)).await?;
        let clock = kit.environment.clock.as_ref();
        let asked_at = clock.now();
        let picked = assist.pick(clock, &prompt, &question.options, within_ms).await;
        let took_ms = clock.now().ms_since(asked_at);
        let failure = picked.as_ref().err().map(|failure| failure.name().to_owned());
        let AssistantPick {
            choice,
            confidence_permille,
            prompt_tokens,
            answer_tokens,
        } = picked.unwrap_or_default();
        let answered = AssistantAnsweredFact {
            node: self.node.clone(),
            pick_of,
            choice: choice.clone(),
            confidence_permille,
            took_ms,
            prompt_tokens,
            answer_tokens,
            failure,
        };
        self.note_turn(TurnFact::AssistantAnswered(answered)).await?;
        understood.reading.picked = choice.map(|choice| Box::new(AssistantChoice { pick_of, choice }));
        Ok(())
    }
}

/// Returns the options to offer to the assistant; `None` if the utterance is understood with certainty.
/// Answers of the knowledge base come before intents, because an answer leads to no more than a sentence.
fn offered(
    run: &FlowRun,
    understood: &UnderstandingResult,
    allows: impl Fn(PickKind) -> bool,
) -> Option<(PickKind, Vec<AssistantOption>)> {
    let reading = &understood.reading;
    let is_open =
        reading.certainty == Certainty::Abstained && understood.slots.is_empty() && !understood.opt_out;
    let ask = run.asking().filter(|_| is_open)?;
    let knowledge = reading.knowledge.as_ref();
    if knowledge.is_some_and(|knowledge| knowledge.certainty == Certainty::Accepted) {
        return None;
    }
    let found = knowledge.into_iter().flat_map(|knowledge| &knowledge.candidates);
    let answers: Vec<AssistantOption> = found
        .filter_map(|one| {
            let words = understood.answers.get(&one.answer)?;
            Some(AssistantOption {
                id: one.answer.clone(),
                meaning: words.question.clone(),
            })
        })
        .collect();
    if allows(PickKind::Answer) && !answers.is_empty() {
        return Some((PickKind::Answer, answers));
    }
    if !allows(PickKind::Intent) {
        return None;
    }
    let ranked = reading.candidates.iter().map(|one| one.intent.as_str());
    let mut intents: Vec<&str> = Vec::new();
    for intent in ranked.chain(ask.expected()) {
        if run.takes_intent(intent) && !intents.contains(&intent) {
            intents.push(intent);
        }
    }
    intents.truncate(OPTIONS_MAX);
    let option = |intent: &str| AssistantOption {
        id: intent.to_owned(),
        meaning: run.label(intent).to_owned(),
    };
    let options: Vec<AssistantOption> = intents.into_iter().map(option).collect();
    (!options.is_empty()).then_some((PickKind::Intent, options))
}
