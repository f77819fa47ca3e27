//! Interprets a text message for the flow: as a menu key, or as words with the shipped models.

use super::opt_out_words::is_unsubscription;
use crate::installation::Installation;
use crate::rehearsing::Listener;
use crate::transcript_masking::masked_answer;
use domain::conversation::TextInput;
use domain::flow::{FlowRun, SlotKind};
use domain::problem::Problem;
use domain::spoken_turn::{
    Certainty, IntentCandidate, REFUSE_CALL, ReadingSource, SpokenReading, UnderstandingResult,
};
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Returns the listener (model and rules) of a language. The first caller of a language waits about a
/// second until it has learned.
pub(super) async fn listener(installation: &Installation, language: &str) -> Result<Arc<Listener>, Problem> {
    if let Some(ready) = Listener::ready(language) {
        return Ok(ready);
    }
    let (sender, learned) = oneshot::channel();
    let language = language.to_owned();
    let learning = move || {
        // The receiver is gone if the process stops meanwhile.
        let _stopped = sender.send(Listener::shared(&language));
    };
    installation.tasks().thread("understanding", Box::new(learning));
    let learned = learned
        .await
        .map_err(|_stopping| Problem::unavailable("the server stops"))?;
    learned.map_err(|fault| Problem::fault(fault.to_string()))
}

/// Interprets a message at the flow's current node: as a key, an opt-out word or an utterance. The value of
/// a free-text slot is masked before it is stored.
pub(super) fn read(text: &str, run: &FlowRun, listener: &Listener, at: Timestamp) -> TextInput {
    if let Some(key) = key_of(text, run) {
        return TextInput::Key(key);
    }
    let mut understood = listener.understand(text, run, at);
    if is_unsubscription(text) && !understood.opt_out {
        understood = refusal();
    }
    let (slots, asked) = (run.slots(), run.masking_context());
    for (name, value) in &mut understood.slots {
        if slots.get(name).is_some_and(|slot| slot.kind == SlotKind::Text) {
            *value = masked_answer(value, &asked);
        }
    }
    TextInput::Words(understood)
}

/// Returns the key if the message is a single character that is a key of the current menu; otherwise
/// `None`.
fn key_of(text: &str, run: &FlowRun) -> Option<char> {
    let mut characters = text.trim().chars();
    let key = characters.next().filter(|_| characters.next().is_none())?;
    run.keys().contains(&key).then_some(key)
}

/// Returns the interpretation of a fixed opt-out word, which no model is asked about.
fn refusal() -> UnderstandingResult {
    UnderstandingResult {
        reading: SpokenReading {
            certainty: Certainty::Accepted,
            read_by: ReadingSource::Exact,
            candidates: vec![IntentCandidate {
                intent: REFUSE_CALL.to_owned(),
                score_permille: 1_000,
            }],
            accept_permille: None,
            confirm_permille: None,
            knowledge: None,
            picked: None,
        },
        slots: std::collections::BTreeMap::new(),
        interest: None,
        opt_out: true,
        answers: std::collections::BTreeMap::new(),
        emotion: None,
    }
}
