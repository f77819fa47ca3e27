//! Speech of simulated callers as audio: how it is recognized, and how long texts take to speak. In text
//! rehearsals words arrive unchanged.

use domain::flow::CHARACTER_MS;
use std::collections::BTreeMap;

/// Most different recognition errors that a rehearsal records: a page.
const MISHEARD_MAX: usize = 200;

/// Why a rehearsal with audio could not continue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no sound: {0}")]
pub struct SoundFault(pub String);

/// A caller's words as they arrive over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransmittedSpeech {
    /// The recognized text; empty if nothing was recognized.
    pub made_out: String,
    pub spoken_ms: u64,
}

/// Port to voices, a line and a recognizer.
pub trait CallerAudio {
    /// Returns what the recognizer makes of `text` when the caller with this number says it.
    fn heard(&mut self, caller: u64, text: &str) -> Result<TransmittedSpeech, SoundFault>;
    /// Returns how long the robot takes to speak a text, in milliseconds.
    fn said_ms(&mut self, text: &str) -> Result<u64, SoundFault>;
}

/// How callers' words reach the flow: as text, or as audio with recognition statistics.
pub(super) enum RehearsalLine<'a> {
    Text,
    Sound {
        sound: &'a mut dyn CallerAudio,
        caller: u64,
        accounts: &'a mut RecognitionCounts,
    },
}

/// Statistics of speech recognition in a rehearsal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecognitionCounts {
    pub utterances: u64,
    /// Utterances that were recognized as something else.
    pub misheard: u64,
    /// Utterances without any recognized text.
    pub unheard: u64,
    /// Recognition errors: the text said and the text recognized, with their count; the first ones only.
    pub mishearings: BTreeMap<(String, String), u64>,
    /// Why the rehearsal ended early.
    pub fault: Option<SoundFault>,
}

impl RecognitionCounts {
    fn take(&mut self, said: &str, made_out: &str) {
        self.utterances += 1;
        if said == made_out {
            return;
        }
        if made_out.is_empty() {
            self.unheard += 1;
        } else {
            self.misheard += 1;
        }
        let key = (said.to_owned(), made_out.to_owned());
        if self.mishearings.contains_key(&key) || self.mishearings.len() < MISHEARD_MAX {
            *self.mishearings.entry(key).or_default() += 1;
        }
    }
}

/// Returns the estimated speaking time of a text in milliseconds: `CHARACTER_MS` for each letter or digit.
fn as_text_ms(text: &str) -> u64 {
    let chars = text.chars().filter(|one| one.is_alphanumeric()).count();
    u64::try_from(chars)
        .unwrap_or_default()
        .saturating_mul(CHARACTER_MS)
}

impl RehearsalLine<'_> {
    /// Transmits the caller's words: as text, unchanged, or as synthesized sound through the recognizer.
    pub(super) fn carries(&mut self, text: &str) -> TransmittedSpeech {
        let as_text = || {
            let chars = u64::try_from(text.chars().count()).unwrap_or_default();
            TransmittedSpeech {
                made_out: text.to_owned(),
                spoken_ms: chars.saturating_mul(CHARACTER_MS),
            }
        };
        match self {
            Self::Text => as_text(),
            Self::Sound {
                sound,
                caller,
                accounts,
            } => match sound.heard(*caller, text) {
                Ok(sounded) => {
                    accounts.take(text, &sounded.made_out);
                    sounded
                }
                Err(fault) => {
                    accounts.fault.get_or_insert(fault);
                    as_text()
                }
            },
        }
    }

    /// Returns how long the robot takes to speak a text, in milliseconds: measured with audio, otherwise
    /// estimated.
    pub(super) fn said_ms(&mut self, text: &str) -> u64 {
        match self {
            Self::Text => as_text_ms(text),
            Self::Sound { sound, accounts, .. } => match sound.said_ms(text) {
                Ok(said_ms) => said_ms,
                Err(fault) => {
                    accounts.fault.get_or_insert(fault);
                    as_text_ms(text)
                }
            },
        }
    }
}
