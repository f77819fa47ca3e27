//! One conversation's turns, event by event.

use super::awaited::Awaited;
use super::back_channel::is_back_channel;
use super::rules::{BARGE_IN_ANY_MS, BARGE_IN_MS, BARGE_IN_UNHEARD_MS, BargeIn, TURN_MS_MAX, TurnRules};
use crate::ports::recognizer::{FailureClass, RecognitionEvent, UTTERANCE_BYTES_MAX, Utterance};

/// What is to be done now.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnAct {
    /// Stop what plays: the callee cuts in.
    CutPrompt { speech_from_ms: u64, voiced_ms: u64 },
    /// The callee has finished; an empty text means that nothing was made out.
    Answered(Utterance),
    /// Nothing more will be heard by this recognizer: ask in another way.
    Deaf { class: FailureClass, retryable: bool },
}

/// Who speaks, what was said so far, and when it counts as said.
#[derive(Debug)]
pub struct Turn {
    rules: TurnRules,
    /// We are speaking, and nobody has cut us short.
    prompt: bool,
    /// Since when they speak, while they do.
    speech_from_ms: Option<u64>,
    /// The present stretch began while we spoke, and did not cut us short.
    over_prompt: bool,
    partial: String,
    /// The first word of this turn, and the end of the last one.
    turn_from_ms: Option<u64>,
    silent_from_ms: Option<u64>,
    said: Vec<Utterance>,
    /// Texts that are still to come.
    awaited: Awaited,
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
            awaited: Awaited::NOTHING,
        }
    }

    /// Another node asks. What was said before stays part of the turn.
    pub const fn set_rules(&mut self, rules: TurnRules) {
        self.rules = rules;
    }

    /// We begin to speak: from now on only who cuts in is heard.
    pub const fn prompt_began(&mut self) {
        self.prompt = true;
    }

    /// We have finished. Who is speaking by then goes on with their turn; an answer that was given into our
    /// last words is one.
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
        self.awaited = Awaited::NOTHING;
    }

    /// When to ask `elapsed`, if nothing else comes before.
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

    /// Time has passed.
    pub fn elapsed(&mut self, now_ms: u64) -> Option<TurnAct> {
        let due = self.deadline().is_some_and(|at| at <= now_ms);
        due.then(|| TurnAct::Answered(self.answer(now_ms)))
    }

    /// An event of the recognizer, told at `now_ms`.
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
                // That of a turn that was answered without it: the next one is no place for it.
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

    /// What was asked to be cut is said on: the node protects it. It is asked again while they go on.
    pub const fn cut_refused(&mut self) {
        self.prompt = true;
        self.over_prompt = true;
    }

    /// Somebody speaks, or what they said is still to be made out or answered.
    pub fn is_open(&self) -> bool {
        self.speech_from_ms.is_some() || !self.awaited.is_nothing() || !self.said.is_empty()
    }

    /// What has been made out of the present utterance so far.
    pub fn partial(&self) -> &str {
        &self.partial
    }

    /// What was said and will not be answered any more: the call is over.
    pub fn unanswered(&mut self, now_ms: u64) -> Option<Utterance> {
        (!self.said.is_empty()).then(|| self.answer(now_ms))
    }

    /// What was said so far has been acted on already.
    pub fn acted_on(&mut self) {
        self.forget();
    }

    /// A sound of listening, said while we spoke, is left aside; over a notice, all is.
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

    /// All that was said in this turn, as one utterance; the next turn begins.
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
        // Of several stretches, how the most excited one was spoken.
        let told = spoken.iter().filter_map(|one| one.prosody);
        let prosody = told.max_by_key(|prosody| prosody.excitement_permille());
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
            self.awaited = Awaited::NOTHING.began(self.rules.cuts);
        }
        utterance
    }
}

/// Chinese needs no space between what was said before and after a pause, English does.
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
