//! The speech input of a call: feeds the leg's audio to a recognizer and derives turns from its results.

use domain::ports::line::Leg;
use domain::ports::recognizer::{
    FRAME_MS, HeardAudio, RecognitionEvent, RecognitionSession, Recognizer, RecognizerFacts,
    RecognizerOptions, Utterance, UtteranceSegmenter,
};
use domain::time::Timestamp;
use domain::turn::{BargeIn, ExpectedAnswer, Turn, TurnAct, TurnRules};
use std::sync::Arc;

/// How often a recognizer is opened in one call: after a second failure it is not opened again.
const OPENS_MAX: u32 = 2;

/// The turn rules before the first node: the notices cannot be interrupted.
const OVER_NOTICES: TurnRules = TurnRules {
    expected: ExpectedAnswer::Short,
    barge_in: BargeIn::Never,
    hears_partials: false,
    cuts: UtteranceSegmenter::Engines,
};

/// What a conversation hears: the leg's audio, the recognizer's session on it, and the callee's present
/// turn.
pub(super) struct SpeechInput {
    recognizer: Arc<dyn Recognizer>,
    facts: RecognizerFacts,
    order: RecognizerOptions,
    heard: Box<dyn HeardAudio>,
    listening: Box<dyn RecognitionSession>,
    turn: Turn,
    rules: TurnRules,
    /// True while a prompt of ours is being played.
    prompting: bool,
    now_ms: u64,
    opens_count: u32,
    /// True when no more audio comes; the last of it may still be in recognition.
    is_finished: bool,
    /// The time of the callee's last sound, while the reply to it has not begun.
    pub(super) unanswered_since: Option<Timestamp>,
}

/// A result of the recognizer, an action that a turn requires, or both.
pub(super) struct SpeechResult {
    pub(super) event: Option<RecognitionEvent>,
    pub(super) act: Option<TurnAct>,
    /// True if the callee was speaking, or their speech was still in recognition, before this result.
    pub(super) was_open: bool,
}

/// Returns the next result. Without speech input it never completes. Cancel-safe.
pub(super) async fn next_of(ear: &mut Option<SpeechInput>) -> SpeechResult {
    match ear {
        Some(ear) => ear.next().await,
        None => std::future::pending().await,
    }
}

impl SpeechInput {
    /// Starts to listen. `None` if the line provides no audio or the leg has ended; then the callee answers
    /// by keypress, as in a call without a recognizer.
    pub(super) async fn open(
        recognizer: &Arc<dyn Recognizer>,
        leg: &mut dyn Leg,
        order: RecognizerOptions,
    ) -> Option<Self> {
        let listening = match recognizer.open(&order) {
            Ok(listening) => listening,
            Err(error) => {
                tracing::error!(%error, "the recognizer could not be opened: callees answer by key");
                return None;
            }
        };
        let heard = match leg.listen().await {
            Ok(heard) => heard,
            Err(error) => {
                tracing::debug!(%error, "the leg has no audio to listen to");
                return None;
            }
        };
        let facts = recognizer.facts();
        let rules = TurnRules {
            hears_partials: facts.gives_partials,
            cuts: facts.cuts,
            ..OVER_NOTICES
        };
        Some(Self {
            recognizer: Arc::clone(recognizer),
            facts,
            order,
            heard,
            listening,
            turn: Turn::new(rules),
            rules,
            prompting: false,
            now_ms: 0,
            opens_count: 1,
            is_finished: false,
            unanswered_since: None,
        })
    }

    /// Returns the next result. Audio frames come as long as the leg lasts, silent ones too: they advance
    /// the time here.
    async fn next(&mut self) -> SpeechResult {
        loop {
            tokio::select! {
                biased;
                event = self.listening.next() => {
                    let Some(event) = event else {
                        return std::future::pending().await;
                    };
                    let was_open = self.turn.is_open();
                    let act = self.turn.heard(&event, self.now_ms);
                    return SpeechResult { event: Some(event), act, was_open };
                }
                frame = self.heard.next() => {
                    let Some(frame) = frame else {
                        return std::future::pending().await;
                    };
                    self.now_ms = frame.at_ms + FRAME_MS;
                    self.listening.push(&frame);
                    if let Some(act) = self.turn.elapsed(self.now_ms) {
                        return SpeechResult { event: None, act: Some(act), was_open: true };
                    }
                }
            }
        }
    }

    /// Returns the next result of the audio that is left after the leg has ended. `None` when all of it was
    /// recognized; at once if the callee was not speaking. Cancel-safe.
    pub(super) async fn last(&mut self) -> Option<SpeechResult> {
        loop {
            tokio::select! {
                biased;
                event = self.listening.next() => {
                    let event = event?;
                    let act = self.turn.heard(&event, self.now_ms);
                    return Some(SpeechResult { event: Some(event), act, was_open: true });
                }
                frame = self.heard.next(), if !self.is_finished => {
                    if let Some(frame) = frame {
                        self.listening.push(&frame);
                    } else if self.turn.is_open() {
                        self.listening.finish();
                        self.is_finished = true;
                    } else {
                        return None;
                    }
                }
            }
        }
    }

    /// Returns the callee's last utterance that was not answered, and marks it as answered.
    pub(super) fn unanswered(&mut self) -> Option<Utterance> {
        self.turn.unanswered(self.now_ms)
    }

    /// Returns how long ago the time `at_ms` of the audio was, in milliseconds.
    pub(super) const fn ms_since(&self, at_ms: u64) -> u64 {
        self.now_ms.saturating_sub(at_ms)
    }

    pub(super) const fn facts(&self) -> &RecognizerFacts {
        &self.facts
    }

    /// Returns true while the callee speaks, or has spoken and is not answered yet.
    pub(super) fn is_open(&self) -> bool {
        self.turn.is_open()
    }

    pub(super) fn attune(&mut self, expected: ExpectedAnswer, barge_in: BargeIn) {
        self.rules = TurnRules {
            expected,
            barge_in,
            hears_partials: self.facts.gives_partials,
            cuts: self.facts.cuts,
        };
        self.turn.set_rules(self.rules);
    }

    pub(super) const fn prompt_began(&mut self) {
        self.prompting = true;
        self.turn.prompt_began();
    }

    pub(super) fn prompt_ended(&mut self) {
        self.prompting = false;
        self.turn.prompt_ended();
    }

    pub(super) const fn cut_refused(&mut self) {
        self.turn.cut_refused();
    }

    /// Marks the current utterance as answered out of turn.
    pub(super) fn acted_on(&mut self) {
        self.turn.acted_on();
    }

    /// Number of characters recognized so far of the current utterance; `None` while there are none.
    pub(super) fn partial_chars(&self) -> Option<u32> {
        let chars = self.turn.partial().chars().filter(|one| one.is_alphanumeric());
        u32::try_from(chars.count()).ok().filter(|chars| *chars > 0)
    }

    /// Opens the recognizer again after a failure. Returns false if it was opened `OPENS_MAX` times or
    /// cannot be opened.
    pub(super) fn open_again(&mut self) -> bool {
        if self.opens_count >= OPENS_MAX {
            return false;
        }
        let Ok(listening) = self.recognizer.open(&self.order) else {
            return false;
        };
        self.opens_count += 1;
        self.listening = listening;
        self.turn = Turn::new(self.rules);
        if self.prompting {
            self.turn.prompt_began();
        }
        true
    }
}
