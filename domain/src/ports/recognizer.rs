//! The Recognizer port: what a callee says, as text, while they say it.
//!
//! Two halves meet here. A leg hands out what is heard (`Leg::listen`), 20 ms at a time; whoever holds the
//! call pushes it into what a recognizer opened, and takes what comes of it. All times are milliseconds on
//! the leg's own time, which begins at its answer, so that what is stored can be found in the recording.
//!
//! **What every implementation promises.**
//! - `open` and `push` never wait for the network; whether an engine can be reached is told as an event.
//! - Voice is detected on our side, for every engine alike: `SpeechStarted` and `SpeechEnded` alternate.
//! - Each stretch of speech, or several with short pauses between them, has at least one `Final`; its text is
//!   empty where nothing was made out. It comes at the latest `FINAL_MS_MAX` after `SpeechEnded`; else
//!   `Failed` does.
//! - `Failed` comes at most once, and nothing after it but the end. After `finish` the end comes within
//!   `FINAL_MS_MAX`. After the end nothing comes.
//! - Texts are of bounded length, without control characters, and Chinese has no spaces between its words.
//! - What an engine sends that is too long, no message of its protocol, or out of order ends in `Failed`, not
//!   in a panic, and not in memory that grows.

use super::speech::SAMPLES_PER_SECOND;
use async_trait::async_trait;
use values::emotion::Prosody;

/// Samples of one frame: 20 ms, as a packet carries them.
pub const FRAME_SAMPLES: usize = 160;
/// Milliseconds of one frame.
pub const FRAME_MS: u64 = FRAME_SAMPLES as u64 * 1_000 / SAMPLES_PER_SECOND as u64;
/// Latest `Final` after the end of speech: whoever waits hears something within 3 s. That speech has ended is
/// noticed up to half a second later, and the robot's own words need the rest (decision 0183).
pub const FINAL_MS_MAX: u64 = 2_000;
/// Longest text of one utterance, in bytes: two minutes of fast speech; more is cut at a character.
pub const UTTERANCE_BYTES_MAX: usize = 4_096;
/// Most alternatives kept of one utterance: more than any flow looks at.
pub const ALTERNATIVES_MAX: usize = 5;
/// Most hot words of one order, the bound of the engines that take them.
pub const HOT_WORDS_MAX: usize = 500;
/// Most phrases of a closed vocabulary: what a node expects, many times over.
pub const VOCABULARY_MAX: usize = 500;
/// Longest hot word or phrase of a vocabulary, in bytes.
pub const PHRASE_BYTES_MAX: usize = 128;

/// 20 ms of what a leg heard, after its playout buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct HeardFrame {
    /// When it begins.
    pub at_ms: u64,
    /// Frames before it that are not there: this listener was slow, or the pace skipped them.
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

/// What a leg hears, for one listener. Bounded: a slow listener loses the oldest frames, and the next one
/// says how many. The call never waits for it.
#[async_trait]
pub trait HeardAudio: Send {
    /// The next frame, a silent one too; `None` once the leg has ended. Cancel-safe.
    async fn next(&mut self) -> Option<HeardFrame>;
}

/// A word the recognizer is told to expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotWord {
    pub word: String,
    /// 1 to 100; what it does is the engine's affair.
    pub weight: u8,
}

/// How somebody wants to listen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListeningOrder {
    /// BCP 47, such as `zh-CN` or `en`.
    pub language: String,
    /// A dialect by its BCP 47 tag, such as `yue`, for engines that have it; others leave it.
    pub dialect: Option<String>,
    pub hot_words: Vec<HotWord>,
    /// What alone is expected, for engines that can be held to it; empty: anything.
    pub vocabulary: Vec<String>,
    /// How many dB above the noise a frame must be to count as voice; `None`: the detector's own.
    pub voice_threshold_db: Option<u8>,
    /// Noise is taken out before an engine hears it.
    pub noise_suppression: bool,
    /// It is measured how each utterance is spoken.
    pub measures_prosody: bool,
}

/// What is wrong with an order: a member over its named limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    #[error("more than {HOT_WORDS_MAX} hot words")]
    HotWords,
    #[error("the vocabulary has more than {VOCABULARY_MAX} phrases")]
    Vocabulary,
    #[error(
        "a hot word or phrase is empty, longer than {PHRASE_BYTES_MAX} bytes or contains a control character"
    )]
    Phrase,
}

impl ListeningOrder {
    /// The code of what is spoken, for engines that take one: the dialect's own where its tag is a language's
    /// (`yue`), else that of the language (`zh`).
    pub fn language_code(&self) -> String {
        let primary = |tag: &String| tag.split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
        let is_code = |code: &String| {
            (2..=3).contains(&code.len()) && code.bytes().all(|letter| letter.is_ascii_alphabetic())
        };
        let own = self.dialect.as_ref().map(primary).filter(is_code);
        own.unwrap_or_else(|| primary(&self.language))
    }

    /// Checks every limit; each implementation asks it first.
    pub fn check(&self) -> Result<(), InvalidOrder> {
        if self.hot_words.len() > HOT_WORDS_MAX {
            return Err(InvalidOrder::HotWords);
        }
        if self.vocabulary.len() > VOCABULARY_MAX {
            return Err(InvalidOrder::Vocabulary);
        }
        let hot = self.hot_words.iter().map(|hot| &hot.word);
        let mut phrases = hot.chain(&self.vocabulary);
        let bad = |phrase: &String| {
            phrase.trim().is_empty() || phrase.len() > PHRASE_BYTES_MAX || phrase.contains(char::is_control)
        };
        if phrases.any(bad) {
            return Err(InvalidOrder::Phrase);
        }
        Ok(())
    }
}

/// Another reading of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    pub text: String,
    /// 0 to 1, where the engine says so.
    pub confidence_ratio: Option<f64>,
}

/// What one side said, as text with a confidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Empty where nothing was made out.
    pub text: String,
    /// 0 to 1, where the engine says so.
    pub confidence_ratio: Option<f64>,
    /// Best first, without `text` itself.
    pub alternatives: Vec<Alternative>,
    pub begin_ms: u64,
    pub end_ms: u64,
    /// How it was spoken, where that was asked for and the caller's own way of speaking is known.
    pub prosody: Option<Prosody>,
}

/// Why nothing more will be recognized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureClass {
    /// The engine could not be reached, or did not begin in time.
    Unreachable,
    /// It said no: a key, a quota, a model it does not have.
    Denied,
    /// It stopped answering, or answered too late.
    Late,
    /// What came is no message of its protocol, or over a limit.
    Garbled,
    /// The connection ended in the middle.
    Cut,
    /// It does not keep up with the audio.
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

    /// As stored and shown.
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

    /// Whether opening anew may help within this call.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::Late | Self::Cut | Self::Overrun => true,
            Self::Denied | Self::Garbled => false,
        }
    }
}

/// What listening comes to, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum RecognitionEvent {
    /// Somebody began to speak; `t_ms` is where the voice begins, a little before this is told.
    SpeechStarted {
        t_ms: u64,
    },
    /// They go on; told every 100 ms of voice without a pause, at 300 ms too.
    StillSpeaking {
        t_ms: u64,
        voiced_ms: u64,
    },
    /// What has been understood so far of the present utterance, whole.
    Partial {
        text: String,
    },
    Final(Utterance),
    /// They stopped; `t_ms` is where the voice ends.
    SpeechEnded {
        t_ms: u64,
    },
    /// Nothing more will come of this.
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

/// Who decides where one text ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    /// Our detector: each stretch of speech has one `Final` of its own.
    Ours,
    /// The engine: it may join stretches, and part them.
    Engines,
}

/// What a recognizer says of itself; stored with what it heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognizerFacts {
    /// Kind of engine, such as `vosk`.
    pub name: &'static str,
    /// SHA-256 of everything that has a say in what is recognized, without secrets: 16 hexadecimal digits.
    pub configuration: String,
    /// Hears a closed vocabulary only, of synthetic speech: for rehearsals, never for people.
    pub rehearsal_only: bool,
    pub gives_partials: bool,
    pub cuts: Cuts,
}

/// One call's listening. Dropping it is `abort`.
#[async_trait]
pub trait Listening: Send {
    /// Takes a frame; never waits. Frames that are missing are made up for with silence, within a bound.
    /// After `finish`, `abort` or the end it is left aside.
    fn push(&mut self, frame: &HeardFrame);
    /// What comes of it; `None` at the end. Cancel-safe.
    async fn next(&mut self) -> Option<RecognitionEvent>;
    /// No more audio comes: what was said is still made out, then the end comes.
    fn finish(&mut self);
    /// Nobody wants to know any more: the connection is dropped, and the end comes at once.
    fn abort(&mut self);
}

/// Speech to text.
pub trait Recognizer: Send + Sync {
    fn facts(&self) -> RecognizerFacts;
    /// Begins to listen. Refuses only an order that no engine could take.
    fn open(&self, order: &ListeningOrder) -> Result<Box<dyn Listening>, InvalidOrder>;
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
            let order = ListeningOrder {
                language: "zh-CN".to_owned(),
                dialect: dialect.map(str::to_owned),
                ..ListeningOrder::default()
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
        let order = |hot_words: Vec<HotWord>, vocabulary: Vec<String>| ListeningOrder {
            hot_words,
            vocabulary,
            ..ListeningOrder::default()
        };
        let longest = "a".repeat(PHRASE_BYTES_MAX);
        let most = vec![hot("分期"); HOT_WORDS_MAX];
        assert_eq!(order(most.clone(), vec![longest.clone()]).check(), Ok(()));
        let one_more: Vec<HotWord> = most.into_iter().chain([hot("x")]).collect();
        assert_eq!(order(one_more, vec![]).check(), Err(InvalidOrder::HotWords));
        let phrases = vec!["是的".to_owned(); VOCABULARY_MAX + 1];
        assert_eq!(order(vec![], phrases).check(), Err(InvalidOrder::Vocabulary));
        for bad in [longest + "a", " ".to_owned(), "a\nb".to_owned()] {
            assert_eq!(order(vec![hot(&bad)], vec![]).check(), Err(InvalidOrder::Phrase));
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
