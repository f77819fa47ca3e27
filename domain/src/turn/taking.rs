//! The turn-taking of one conversation, event by event.

use super::back_channel::is_back_channel;
use super::pending_texts::PendingTextCount;
use super::rules::{BARGE_IN_ANY_MS, BARGE_IN_MS, BARGE_IN_UNHEARD_MS, BargeIn, TURN_MS_MAX, TurnRules};
use crate::ports::recognizer::{FailureClass, RecognitionEvent, UTTERANCE_BYTES_MAX, Utterance};

/// What the caller must do after an event of turn-taking.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnAct {
    /// Stop the prompt: the callee interrupts.
    CutPrompt { speech_from_ms: u64, voiced_ms: u64 },
    /// The callee has finished the turn. An empty text means that nothing was recognized.
    Answered(Utterance),
    /// This recognizer hears nothing more: ask for the answer in another way.
    Deaf { class: FailureClass, retryable: bool },
}

/// The state of turn-taking in a conversation: if the callee speaks, what was said, and when it counts as
/// complete.
#[derive(Debug)]
pub struct Turn {
    rules: TurnRules,
    /// A prompt is playing and was not interrupted.
    prompt: bool,
    /// Start of the callee's speech, while it lasts.
    speech_from_ms: Option<u64>,
    /// The current speech segment began during a prompt and did not interrupt it.
    over_prompt: bool,
    partial: String,
    /// Start of the first speech of this turn, and end of the last one.
    turn_from_ms: Option<u64>,
    silent_from_ms: Option<u64>,
    said: Vec<Utterance>,
    /// Recognized texts that are still missing.
    awaited: PendingTextCount,
}

impl Turn {
    pub const fn new(rules: TurnRules) -> Self {
        Self {
            rules,
            prompt: false,
            speech_from_ms: None,
            over_prompt: false,
            partial: String::new(),
            turn_from_ms: None,
            silent_from_ms: None,
            said: Vec::new(),
            awaited: PendingTextCount::NOTHING,
        }
    }

    /// Sets the rules for the next node. Words said before stay part of the turn.
    pub const fn set_rules(&mut self, rules: TurnRules) {
        self.rules = rules;
    }

    /// Records that a prompt started: from now on only interruptions count.
    pub const fn prompt_began(&mut self) {
        self.prompt = true;
    }

    /// Records that the prompt ended. Speech that goes on is part of the callee's turn, so that an answer
    /// to the prompt's last words counts.
    pub fn prompt_ended(&mut self) {
        self.prompt = false;
        if self.speech_from_ms.is_some() {
            self.over_prompt = false;
        } else if self.said.is_empty() && self.awaited.is_nothing() {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.said.clear();
        self.partial.clear();
        self.turn_from_ms = self.speech_from_ms;
        self.silent_from_ms = None;
        self.awaited = PendingTextCount::NOTHING;
    }

    /// Returns when `elapsed` must be called if no other event comes before (milliseconds of the leg's
    /// time); `None` if no turn is open.
    pub fn deadline(&self) -> Option<u64> {
        if self.prompt && (self.rules.barge_in == BargeIn::Never || self.said.is_empty()) {
            return None;
        }
        let longest = self.turn_from_ms.map(|from| from + TURN_MS_MAX);
        let silence = self
            .silent_from_ms
            .filter(|_| self.awaited.is_nothing())
            .map(|from| from + self.rules.expected.end_silence_ms());
        silence.into_iter().chain(longest).min()
    }

    /// Handles the passage of time: returns the callee's answer if the turn is over at `now_ms`.
    pub fn elapsed(&mut self, now_ms: u64) -> Option<TurnAct> {
        let due = self.deadline().is_some_and(|at| at <= now_ms);
        due.then(|| TurnAct::Answered(self.answer(now_ms)))
    }

    /// Handles a recognition event that arrived at `now_ms`, and returns what follows from it.
    pub fn heard(&mut self, event: &RecognitionEvent, now_ms: u64) -> Option<TurnAct> {
        match event {
            RecognitionEvent::SpeechStarted { t_ms } => {
                self.speech_from_ms = Some(*t_ms);
                self.silent_from_ms = None;
                self.turn_from_ms.get_or_insert(*t_ms);
                self.partial.clear();
                self.awaited = self.awaited.began(self.rules.cuts);
                self.over_prompt = self.prompt;
                None
            }
            RecognitionEvent::StillSpeaking { voiced_ms, .. } => self.barge_in(*voiced_ms),
            RecognitionEvent::Partial { text } => {
                self.partial.clone_from(text);
                None
            }
            RecognitionEvent::Final(utterance) => {
                let speaking = self.speech_from_ms.is_some();
                // The text belongs to a turn that was answered without it; it is not part of the next one.
                if !speaking && self.turn_from_ms.is_none() {
                    return None;
                }
                self.awaited = self.awaited.text(self.rules.cuts, speaking);
                self.keep(utterance);
                self.elapsed(now_ms)
            }
            RecognitionEvent::SpeechEnded { t_ms } => {
                self.speech_from_ms = None;
                self.silent_from_ms = Some(*t_ms);
                self.elapsed(now_ms)
            }
            RecognitionEvent::Failed { class, retryable } => {
                self.speech_from_ms = None;
                self.forget();
                Some(TurnAct::Deaf {
                    class: *class,
                    retryable: *retryable,
                })
            }
        }
    }

    /// Records that the prompt was not stopped, because it is protected. The interruption is reported again
    /// if the callee speaks on.
    pub const fn cut_refused(&mut self) {
        self.prompt = true;
        self.over_prompt = true;
    }

    /// Returns true if the callee is speaking, or something said is not recognized or not answered yet.
    pub fn is_open(&self) -> bool {
        self.speech_from_ms.is_some() || !self.awaited.is_nothing() || !self.said.is_empty()
    }

    /// Returns the partial text of the callee's current utterance; empty if there is none.
    pub fn partial(&self) -> &str {
        &self.partial
    }

    /// Ends the call's last turn: returns what was said and not answered; `None` if nothing was.
    pub fn unanswered(&mut self, now_ms: u64) -> Option<Utterance> {
        (!self.said.is_empty()).then(|| self.answer(now_ms))
    }

    /// Drops what was said so far in the turn, because the caller acted on it already.
    pub fn acted_on(&mut self) {
        self.forget();
    }

    /// Adds a recognized text to the turn. A back-channel during a prompt is dropped; during a notice every
    /// text is.
    fn keep(&mut self, utterance: &Utterance) {
        let allowed = self.rules.barge_in != BargeIn::Never;
        let counts = !self.over_prompt || (allowed && !is_back_channel(&utterance.text));
        let bytes: usize = self.said.iter().map(|one| one.text.len()).sum();
        if counts && bytes + utterance.text.len() <= UTTERANCE_BYTES_MAX {
            self.said.push(utterance.clone());
        } else if self.said.is_empty() && self.over_prompt {
            self.forget();
        }
    }

    fn barge_in(&mut self, voiced_ms: u64) -> Option<TurnAct> {
        let from = self.speech_from_ms?;
        if !self.prompt || self.rules.barge_in != BargeIn::Allowed {
            return None;
        }
        let needed_ms = match (self.rules.hears_partials, self.partial.is_empty()) {
            (true, true) => BARGE_IN_UNHEARD_MS,
            (true, false) if is_back_channel(&self.partial) => BARGE_IN_ANY_MS,
            (true, false) | (false, _) => BARGE_IN_MS,
        };
        if voiced_ms < needed_ms {
            return None;
        }
        self.prompt = false;
        self.over_prompt = false;
        self.turn_from_ms = Some(from);
        Some(TurnAct::CutPrompt {
            speech_from_ms: from,
            voiced_ms,
        })
    }

    /// Returns everything said in this turn as one utterance, and starts the next turn.
    fn answer(&mut self, now_ms: u64) -> Utterance {
        let said = std::mem::take(&mut self.said);
        let from = self.turn_from_ms.unwrap_or(now_ms);
        let spoken: Vec<&Utterance> = said.iter().filter(|one| !one.text.is_empty()).collect();
        let text = joined(&spoken);
        let confidence_ratio = spoken
            .iter()
            .filter_map(|one| one.confidence_ratio)
            .min_by(f64::total_cmp);
        let alternatives = match spoken.as_slice() {
            [only] => only.alternatives.clone(),
            _ => Vec::new(),
        };
        // Of several segments, the most excited one gives the prosody.
        let measured = spoken.iter().filter_map(|one| one.prosody);
        let prosody = measured.max_by_key(|prosody| prosody.excitement_permille());
        let utterance = Utterance {
            text,
            confidence_ratio,
            alternatives,
            begin_ms: from,
            end_ms: self.silent_from_ms.unwrap_or(now_ms),
            prosody,
        };
        self.forget();
        if self.speech_from_ms.is_some() {
            self.turn_from_ms = Some(now_ms);
            self.awaited = PendingTextCount::NOTHING.began(self.rules.cuts);
        }
        utterance
    }
}

/// Joins recognized texts before and after a pause: with a blank between English words, without one in
/// Chinese.
fn joined(said: &[&Utterance]) -> String {
    let mut text = String::new();
    for one in said {
        let spaced = text
            .chars()
            .last()
            .is_some_and(|last| last.is_ascii_alphanumeric())
            && one
                .text
                .chars()
                .next()
                .is_some_and(|next| next.is_ascii_alphanumeric());
        if spaced {
            text.push(' ');
        }
        text.push_str(&one.text);
    }
    text
}
