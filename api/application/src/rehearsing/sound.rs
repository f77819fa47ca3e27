//! What rehearsed callers say as sound: how it is made out, and how long everything takes to be said. Text
//! alone is taken as it is said.

use domain::flow::CHARACTER_MS;
use std::collections::BTreeMap;

/// Most different mishearings kept of a rehearsal: a page.
const MISHEARD_MAX: usize = 200;

/// Why a rehearsal in sound could not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no sound: {0}")]
pub struct SoundFault(pub String);

/// Somebody's words as they came over a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sounded {
    /// Empty where nothing was made out.
    pub made_out: String,
    pub spoken_ms: u64,
}

/// Voices, a line and a recognizer.
pub trait CallersSound {
    /// What is made out of a text as this caller says it.
    fn heard(&mut self, caller: u64, text: &str) -> Result<Sounded, SoundFault>;
    /// How long the robot says a text.
    fn said_ms(&mut self, text: &str) -> Result<u64, SoundFault>;
}

/// How words come over: as text, or through a sound of which accounts are kept.
pub(super) enum Line<'a> {
    Text,
    Sound {
        sound: &'a mut dyn CallersSound,
        caller: u64,
        accounts: &'a mut Accounts,
    },
}

/// What was heard of what was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    pub utterances: u64,
    /// Made out as something else.
    pub misheard: u64,
    /// Of which nothing was made out.
    pub unheard: u64,
    /// What was said and made out, and how often; the first of them.
    pub mishearings: BTreeMap<(String, String), u64>,
    /// Why it ended before its time.
    pub fault: Option<SoundFault>,
}

impl Accounts {
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

/// How long a text is spoken where nobody measures it.
fn as_text_ms(text: &str) -> u64 {
    let chars = text.chars().filter(|one| one.is_alphanumeric()).count();
    u64::try_from(chars)
        .unwrap_or_default()
        .saturating_mul(CHARACTER_MS)
}

impl Line<'_> {
    /// Words of the caller at the other end.
    pub(super) fn carries(&mut self, text: &str) -> Sounded {
        let as_text = || {
            let chars = u64::try_from(text.chars().count()).unwrap_or_default();
            Sounded {
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

    /// How long the robot says a text.
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
