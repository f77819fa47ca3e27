//! Texts made before anybody waits for them: while the telephone rings what is said to who only listens, and
//! while a question is asked what is said to each who answers it by key, or not at all.
//!
//! A text that holds what a key chose is in no store of prompts: made only when the key comes, it is heard a
//! second and more after it on a machine that is busy, behind the time that the callee took. Who says the
//! same by word waits for the same text.

use super::prepare::{Voice, spoken};
use super::talk::Talk;
use crate::drivers::kit::Kit;
use domain::flow::{FlowAction, FlowInput, FlowRun};
use domain::ports::speech::Urgency;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Steps of the flow spoken ahead: the first node after the notices, and two more.
const STEPS_AHEAD_MAX: usize = 3;

/// Keys of a question whose texts are made ahead, in the order of a telephone: a long menu has texts that
/// few callees come to.
const KEYS_AHEAD_MAX: usize = 4;

impl Voice {
    /// Speaks what will be said if the callee only listens, and what is said when something of ours fails;
    /// what fails here fails again where it is met.
    pub(super) async fn look_ahead(&self, kit: &Kit, mut ahead: FlowRun) {
        for step in 0..STEPS_AHEAD_MAX {
            let actions = ahead.step(FlowInput::Played);
            self.speak_all(kit, &actions).await;
            if step == 0 {
                self.speak_all(kit, &ahead.clone().step(FlowInput::Fault)).await;
            }
        }
    }

    async fn speak_all(&self, kit: &Kit, actions: &[FlowAction]) {
        for words in actions.iter().filter_map(spoken) {
            if let Err(error) = self.speak(kit, words, Urgency::Ahead).await {
                tracing::debug!(%error, "a later prompt could not be spoken ahead");
            }
        }
    }
}

impl Talk<'_> {
    /// A question is asked: what its answers lead to is made beside it, until another is asked or the call is
    /// over. What the last question's answers would have led to, and nobody waited for, is let go.
    pub(super) fn look_behind_question(&mut self) {
        let Some(asked) = &self.run else { return };
        let mut answers = answers(asked);
        // What one person alone is told goes to nobody else because they might come to it.
        if self.kit.ports.synthesizer.is_elsewhere() {
            answers.retain(|action| spoken(action).is_some_and(|words| !words.personal));
        }
        let texts = answers.iter().filter_map(spoken).map(|words| words.text);
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
                // Nothing is ever sent: whoever asks has asked the next, or is gone.
                _ = is_over => {}
                () = voice.speak_all(&kit, &answers) => {}
            }
        };
        tasks.spawn("answers ahead", Box::pin(making));
    }
}

/// What each answer leads to that needs no words; first those that come soonest.
fn answers(asked: &FlowRun) -> Vec<FlowAction> {
    let keys = asked.keys().into_iter().take(KEYS_AHEAD_MAX);
    let inputs = keys.map(FlowInput::Keypress);
    let inputs = inputs.chain([FlowInput::Silence, FlowInput::Unheard]);
    inputs.flat_map(|input| asked.clone().step(input)).collect()
}
