//! Synthesizes prompts ahead of time: while the phone rings, the prompts of a callee who only listens; while
//! a question is asked, the prompts that follow each key and silence.
//!
//! A prompt with a value chosen by key is in no shared cache. If it were made only after the key, it would be
//! heard a second or more later on a busy machine. A callee who answers by voice gets the same clips.

use super::prepare::{Voice, spoken_text};
use super::session::ConversationSession;
use crate::drivers::driver_context::DriverContext;
use domain::flow::{FlowAction, FlowInput, FlowRun};
use domain::ports::speech::Urgency;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Steps of the flow of which the prompts are synthesized while the phone rings: the first node after the
/// notices, and two more.
const STEPS_AHEAD_MAX: usize = 3;

/// Most keys of a question for which the next prompts are synthesized, in the order of the keypad: few
/// callees reach the later entries of a long menu.
const KEYS_AHEAD_MAX: usize = 4;

impl Voice {
    /// Synthesizes the prompts that follow if the callee only listens, and the prompt for a fault of ours.
    /// A failure is not reported here; it occurs again where the prompt is needed.
    pub(super) async fn look_ahead(&self, kit: &DriverContext, mut ahead: FlowRun) {
        for step in 0..STEPS_AHEAD_MAX {
            let actions = ahead.step(FlowInput::Played);
            self.speak_all(kit, &actions).await;
            if step == 0 {
                self.speak_all(kit, &ahead.clone().step(FlowInput::Fault)).await;
            }
        }
    }

    async fn speak_all(&self, kit: &DriverContext, actions: &[FlowAction]) {
        for words in actions.iter().filter_map(spoken_text) {
            if let Err(error) = self.speak(kit, words, Urgency::Ahead).await {
                tracing::debug!(%error, "a later prompt could not be spoken ahead");
            }
        }
    }
}

impl ConversationSession<'_> {
    /// Starts to synthesize the prompts that follow each answer to the question just asked, until another
    /// question is asked or the call is over. Unused clips of the previous question are dropped.
    pub(super) fn look_behind_question(&mut self) {
        let Some(asked) = &self.run else { return };
        let mut answers = answers(asked);
        // Texts with personal values are not sent to an external service just because they might be needed.
        if self.kit.ports.synthesizer.is_elsewhere() {
            answers.retain(|action| spoken_text(action).is_some_and(|words| !words.personal));
        }
        let texts = answers.iter().filter_map(spoken_text).map(|words| words.text);
        self.asking = None;
        if !self.voice.clips.guess_only(texts) {
            return;
        }
        let (kit, voice) = (Arc::clone(&self.kit), self.voice.clone());
        let (asking, is_over) = oneshot::channel::<()>();
        self.asking = Some(asking);
        let tasks = Arc::clone(&kit.environment.tasks);
        let making = async move {
            tokio::select! {
                biased;
                // No value is ever sent: the sender is dropped when the next question is asked or the call is
                // over.
                _ = is_over => {}
                () = voice.speak_all(&kit, &answers) => {}
            }
        };
        tasks.spawn("answers ahead", Box::pin(making));
    }
}

/// Returns the actions that follow each answer without words: the first keys, then silence and an answer
/// that is not understood.
fn answers(asked: &FlowRun) -> Vec<FlowAction> {
    let keys = asked.keys().into_iter().take(KEYS_AHEAD_MAX);
    let inputs = keys.map(FlowInput::Keypress);
    let inputs = inputs.chain([FlowInput::Silence, FlowInput::Unheard]);
    inputs.flat_map(|input| asked.clone().step(input)).collect()
}
