//! The Recognizer port: turns the callee's speech into text while the callee speaks.
//!
//! A leg delivers the audio (`Leg::listen`), 20 ms at a time. The call's worker pushes it into the
//! `RecognitionSession` that a recognizer opened and reads its events. All times are milliseconds on the
//! leg's own timeline, which begins at its answer, so that stored texts can be found in the recording.
//!
//! **Guarantees of every implementation.**
//! - `open` and `push` never wait for the network; an unreachable engine is reported as an event.
//! - Voice is detected on our side, for every engine alike: `SpeechStarted` and `SpeechEnded` alternate.
//! - Each speech segment, or several with short pauses between them, has at least one `Final`; its text is
//!   empty if nothing was recognized. It comes at most `FINAL_MS_MAX` after `SpeechEnded`; else `Failed`
//!   does.
//! - `Failed` comes at most once, and only the end follows it. After `finish` the end comes within
//!   `FINAL_MS_MAX`. No event follows the end.
//! - Texts are of bounded length, without control characters, and Chinese has no spaces between its words.
//! - A message of an engine that is too long, not part of its protocol or out of order ends in `Failed`, not
//!   in a panic or in growing memory.

use super::speech::SAMPLES_PER_SECOND;
use async_trait::async_trait;
use values::emotion::Prosody;

/// Samples of one frame: 20 ms, as in one RTP packet.
pub const FRAME_SAMPLES: usize = 160;
/// Milliseconds of one frame: 20.
pub const FRAME_MS: u64 = FRAME_SAMPLES as u64 * 1_000 / SAMPLES_PER_SECOND as u64;
/// The latest `Final` after the end of speech, in milliseconds: the callee hears an answer within 3 s. The
/// end of speech is detected up to half a second later, and the robot's own prompt needs the rest (decision
/// 0183).
pub const FINAL_MS_MAX: u64 = 2_000;
/// The most bytes of one utterance's text: two minutes of fast speech. Longer text is cut at a character.
pub const UTTERANCE_BYTES_MAX: usize = 4_096;
/// The most alternatives kept of one utterance; more are dropped. No flow uses more.
pub const ALTERNATIVES_MAX: usize = 5;
/// The most hot words with which a recognizer is opened; more are refused. It is the limit of the engines
/// that accept them.
pub const HOT_WORDS_MAX: usize = 500;
/// The most phrases of a closed vocabulary; more are refused. A node expects far fewer.
pub const VOCABULARY_MAX: usize = 500;
/// The most bytes of a hot word or of a vocabulary's phrase; longer ones are refused.
pub const PHRASE_BYTES_MAX: usize = 128;

/// 20 ms of the audio that a leg received, after its playout buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct HeardFrame {
    /// Begin of the frame, in milliseconds since the answer.
    pub at_ms: u64,
    /// Number of frames missing before this one: the listener was slow, or the sender skipped them.
    pub lost_before: u32,
    pub samples: [i16; FRAME_SAMPLES],
}

impl std::fmt::Debug for HeardFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HeardFrame({} ms, {} lost before)",
            self.at_ms, self.lost_before
        )
    }
}

/// The audio that a leg receives, for one listener. Bounded: a slow listener loses the oldest frames, and
/// the next frame says how many. The call never waits for the listener.
#[async_trait]
pub trait HeardAudio: Send {
    /// Returns the next frame, also if it is silent; waits for it. `None` once the leg has ended.
    /// Cancel-safe.
    async fn next(&mut self) -> Option<HeardFrame>;
}

/// A word that the recognizer should expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotWord {
    pub word: String,
    /// 1 to 100; its effect depends on the engine.
    pub weight: u8,
}

/// The parameters with which a recognizer is opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecognizerOptions {
    /// BCP 47, for example `zh-CN` or `en`.
    pub language: String,
    /// A dialect by its BCP 47 tag, for example `yue`, for engines that know it; others ignore it.
    pub dialect: Option<String>,
    pub hot_words: Vec<HotWord>,
    /// The only phrases expected, for engines that can be limited to them; empty: anything.
    pub vocabulary: Vec<String>,
    /// How many dB above the noise a frame must be to count as voice; `None`: the detector's default.
    pub voice_threshold_db: Option<u8>,
    /// True if noise is removed before the audio reaches the engine.
    pub noise_suppression: bool,
    /// True if the prosody of each utterance is measured.
    pub measures_prosody: bool,
}

/// Why recognizer options are refused: the member that exceeds its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecognizerOptions {
    #[error("more than {HOT_WORDS_MAX} hot words")]
    HotWords,
    #[error("the vocabulary has more than {VOCABULARY_MAX} phrases")]
    Vocabulary,
    #[error(
        "a hot word or phrase is empty, longer than {PHRASE_BYTES_MAX} bytes or contains a control character"
    )]
    Phrase,
}

impl RecognizerOptions {
    /// Returns the language code for engines that take one: the dialect's, if its tag is a language of its
    /// own (`yue`), else the language's (`zh`).
    pub fn language_code(&self) -> String {
        let primary = |tag: &String| tag.split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
        let is_code = |code: &String| {
            (2..=3).contains(&code.len()) && code.bytes().all(|letter| letter.is_ascii_alphabetic())
        };
        let own = self.dialect.as_ref().map(primary).filter(is_code);
        own.unwrap_or_else(|| primary(&self.language))
    }

    /// Checks hot words and vocabulary against their limits; every implementation of `open` calls it first.
    pub fn check(&self) -> Result<(), InvalidRecognizerOptions> {
        if self.hot_words.len() > HOT_WORDS_MAX {
            return Err(InvalidRecognizerOptions::HotWords);
        }
        if self.vocabulary.len() > VOCABULARY_MAX {
            return Err(InvalidRecognizerOptions::Vocabulary);
        }
        let hot = self.hot_words.iter().map(|hot| &hot.word);
        let mut phrases = hot.chain(&self.vocabulary);
        let bad = |phrase: &String| {
            phrase.trim().is_empty() || phrase.len() > PHRASE_BYTES_MAX || phrase.contains(char::is_control)
        };
        if phrases.any(bad) {
            return Err(InvalidRecognizerOptions::Phrase);
        }
        Ok(())
    }
}

/// Another possible text of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    pub text: String,
    /// 0 to 1, if the engine gives one.
    pub confidence_ratio: Option<f64>,
}

/// What one party said: text with a confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Empty if nothing was recognized.
    pub text: String,
    /// 0 to 1, if the engine gives one.
    pub confidence_ratio: Option<f64>,
    /// Other possible texts, best first, without `text` itself.
    pub alternatives: Vec<Alternative>,
    pub begin_ms: u64,
    pub end_ms: u64,
    /// How it was spoken, if prosody is measured and the caller's usual way of speaking is known.
    pub prosody: Option<Prosody>,
}

/// The class of a recognizer's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureClass {
    /// The engine could not be reached, or did not begin in time.
    Unreachable,
    /// The engine refused: a key, a quota, or a model that it does not have.
    Denied,
    /// The engine stopped answering, or answered too late.
    Late,
    /// The engine sent a message that is not part of its protocol or over a limit.
    Garbled,
    /// The connection ended during recognition.
    Cut,
    /// The engine does not keep up with the audio.
    Overrun,
}

impl FailureClass {
    pub const ALL: [Self; 6] = [
        Self::Unreachable,
        Self::Denied,
        Self::Late,
        Self::Garbled,
        Self::Cut,
        Self::Overrun,
    ];

    /// Returns the name as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Denied => "denied",
            Self::Late => "late",
            Self::Garbled => "garbled",
            Self::Cut => "cut",
            Self::Overrun => "overrun",
        }
    }

    /// Returns true if opening the recognizer again may help within this call.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::Late | Self::Cut | Self::Overrun => true,
            Self::Denied | Self::Garbled => false,
        }
    }
}

/// An event of a call's recognition. Events come in order.
#[derive(Debug, Clone, PartialEq)]
pub enum RecognitionEvent {
    /// Speech began. `t_ms` is the begin of the voice, a little before the event is sent.
    SpeechStarted {
        t_ms: u64,
    },
    /// Speech continues; sent every 100 ms of voice without a pause, also at 300 ms.
    StillSpeaking {
        t_ms: u64,
        voiced_ms: u64,
    },
    /// The complete text recognized so far of the current utterance.
    Partial {
        text: String,
    },
    Final(Utterance),
    /// Speech ended; `t_ms` is the end of the voice.
    SpeechEnded {
        t_ms: u64,
    },
    /// The recognizer gave up; no text follows.
    Failed {
        class: FailureClass,
        retryable: bool,
    },
}

impl RecognitionEvent {
    pub const fn failed(class: FailureClass) -> Self {
        Self::Failed {
            class,
            retryable: class.is_retryable(),
        }
    }
}

/// Which side decides where one utterance ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UtteranceSegmenter {
    /// Our detector: each speech segment has one `Final` of its own.
    Ours,
    /// The engine: it may join and split segments.
    Engines,
}

/// The properties of a recognizer; stored with the texts that it recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognizerFacts {
    /// Kind of engine, for example `vosk`.
    pub name: &'static str,
    /// SHA-256 of all configuration that affects recognition, without secrets: 16 hexadecimal digits.
    pub configuration: String,
    /// True if it recognizes only synthetic speech of a closed vocabulary: for rehearsals, never for people.
    pub rehearsal_only: bool,
    pub gives_partials: bool,
    pub cuts: UtteranceSegmenter,
}

/// The recognition of one call's speech. Dropping it is `abort`.
#[async_trait]
pub trait RecognitionSession: Send {
    /// Takes a frame and never waits. Missing frames are replaced by silence, within a limit. After `finish`,
    /// `abort` or the end the frame is ignored.
    fn push(&mut self, frame: &HeardFrame);
    /// Returns the next event; `None` at the end. Cancel-safe.
    async fn next(&mut self) -> Option<RecognitionEvent>;
    /// Ends the audio: what was said is still recognized, then the end comes.
    fn finish(&mut self);
    /// Cancels the recognition: the connection is dropped and the end comes at once.
    fn abort(&mut self);
}

/// Speech to text.
pub trait Recognizer: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    /// Starts a recognition. Fails only if the options exceed a limit; an unreachable engine is reported as
    /// an event.
    fn open(
        &self,
        order: &RecognizerOptions,
    ) -> Result<Box<dyn RecognitionSession>, InvalidRecognizerOptions>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_that_is_a_language_has_its_own_code() {
        for (dialect, code) in [
            (None, "zh"),
            (Some("yue"), "yue"),
            (Some("yue-HK"), "yue"),
            (Some("zh-Hans-CN-sichuan"), "zh"),
            (Some("sichuan"), "zh"),
        ] {
            let order = RecognizerOptions {
                language: "zh-CN".to_owned(),
                dialect: dialect.map(str::to_owned),
                ..RecognizerOptions::default()
            };
            assert_eq!(order.language_code(), code, "{dialect:?}");
        }
    }

    #[test]
    fn an_order_over_a_limit_is_refused_by_name() {
        let hot = |word: &str| HotWord {
            word: word.to_owned(),
            weight: 20,
        };
        let order = |hot_words: Vec<HotWord>, vocabulary: Vec<String>| RecognizerOptions {
            hot_words,
            vocabulary,
            ..RecognizerOptions::default()
        };
        let longest = "a".repeat(PHRASE_BYTES_MAX);
        let most = vec![hot("分期"); HOT_WORDS_MAX];
        assert_eq!(order(most.clone(), vec![longest.clone()]).check(), Ok(()));
        let one_more: Vec<HotWord> = most.into_iter().chain([hot("x")]).collect();
        assert_eq!(
            order(one_more, vec![]).check(),
            Err(InvalidRecognizerOptions::HotWords)
        );
        let phrases = vec!["是的".to_owned(); VOCABULARY_MAX + 1];
        assert_eq!(
            order(vec![], phrases).check(),
            Err(InvalidRecognizerOptions::Vocabulary)
        );
        for bad in [longest + "a", " ".to_owned(), "a\nb".to_owned()] {
            assert_eq!(
                order(vec![hot(&bad)], vec![]).check(),
                Err(InvalidRecognizerOptions::Phrase)
            );
        }
    }

    #[test]
    fn a_failure_that_the_same_engine_repeats_is_not_retried() {
        let again: Vec<&str> = FailureClass::ALL
            .into_iter()
            .filter(|class| class.is_retryable())
            .map(FailureClass::name)
            .collect();
        assert_eq!(again, ["unreachable", "late", "cut", "overrun"]);
    }
}
