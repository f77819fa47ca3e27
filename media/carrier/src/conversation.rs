//! The conversations of speaking callees: phrases of a profile, with the audio that says them.

use super::callee::{CalleeAction, Cue, ScriptStep};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Most phrases of one profile; more are refused. A second of audio has 16 KB.
const PHRASES_MAX: usize = 500;
/// Most turns of one conversation; more are refused. No callee stays for that many.
const TURNS_MAX: usize = 40;
/// Most bytes of a phrase, which is a file's name too; a longer one is refused.
const PHRASE_BYTES_MAX: usize = 120;
/// Shortest audio of the robot in the first turn after which a pause means that it has asked its question,
/// in milliseconds: longer than the notices.
const FIRST_HEARD_MS: u64 = 5_000;
/// Shortest audio of the robot in a later turn after which a pause means that it has asked its question, in
/// milliseconds: any question is longer.
const LATER_HEARD_MS: u64 = 400;
/// The robot's pause that means that it has asked its question, in milliseconds.
const QUIET_MS: u64 = 900;
/// Length of a keypress, in frames of 20 ms.
const PRESS_FRAMES: u16 = 8;

/// One turn of a speaking callee: at most one of `say` and `press`; without both, the callee lets the turn
/// pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalleeTurn {
    /// The phrase to say; the file of that name holds its audio.
    pub say: Option<String>,
    pub press: Option<char>,
    /// Time after the robot's first audio since the turn before at which the callee interrupts, in
    /// milliseconds; if absent, the callee waits until the robot has finished.
    pub interrupt_after_ms: Option<u64>,
}

/// The reason why a conversation cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversationError {
    #[error(
        "conversations: `{0}` is not a phrase: use a file's name of 1 to {PHRASE_BYTES_MAX} bytes, without / and ."
    )]
    Phrase(String),
    #[error("conversations: the file of the phrase `{0}` is missing in `voices`")]
    NoVoice(String),
    #[error("conversations: a turn says something or presses a key, not both")]
    Both,
    #[error("conversations: more than {TURNS_MAX} turns")]
    TooLong,
    #[error("conversations: more than {PHRASES_MAX} phrases")]
    TooMany,
}

/// The audio of phrases, in samples at 8 kHz, by text. Clones share it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PhraseAudio(Arc<[(String, Vec<i16>)]>);

impl fmt::Debug for PhraseAudio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Voices({} phrases)", self.0.len())
    }
}

impl PhraseAudio {
    /// Makes the audio from pairs of a phrase and its samples at 8 kHz.
    pub fn new(phrases: Vec<(String, Vec<i16>)>) -> Self {
        Self(phrases.into())
    }

    fn place(&self, text: &str) -> Option<u16> {
        let place = self.0.iter().position(|(phrase, _)| phrase == text)?;
        u16::try_from(place).ok()
    }

    /// Returns the samples of the phrase at this index; empty if there is none.
    pub(super) fn samples(&self, place: u16) -> &[i16] {
        self.0.get(usize::from(place)).map_or(&[], |(_, samples)| samples)
    }

    pub(super) fn text(&self, place: u16) -> &str {
        self.0.get(usize::from(place)).map_or("", |(text, _)| text)
    }
}

/// Returns every phrase of these conversations once, in order of its first use. Fails for an invalid turn
/// or phrase, or above a limit.
pub fn phrases(conversations: &[Vec<CalleeTurn>]) -> Result<Vec<String>, ConversationError> {
    let mut phrases: Vec<String> = Vec::new();
    for turn in conversations.iter().flatten() {
        if turn.say.is_some() && turn.press.is_some() {
            return Err(ConversationError::Both);
        }
        let Some(text) = &turn.say else { continue };
        let plain = !text.trim().is_empty() && !text.contains(['/', '.', '\\', '\0']);
        if !plain || text.len() > PHRASE_BYTES_MAX {
            return Err(ConversationError::Phrase(text.clone()));
        }
        if !phrases.contains(text) {
            phrases.push(text.clone());
        }
        if phrases.len() > PHRASES_MAX {
            return Err(ConversationError::TooMany);
        }
    }
    if conversations.iter().any(|turns| turns.len() > TURNS_MAX) {
        return Err(ConversationError::TooLong);
    }
    Ok(phrases)
}

/// Checks that the conversations are valid and that every phrase has its audio.
pub(super) fn check(
    conversations: &[Vec<CalleeTurn>],
    voices: &PhraseAudio,
) -> Result<(), ConversationError> {
    let silent = phrases(conversations)?
        .into_iter()
        .find(|text| voices.place(text).is_none());
    silent.map_or(Ok(()), |text| Err(ConversationError::NoVoice(text)))
}

/// Returns the script of a conversation: one step per turn, with its cue.
pub(super) fn steps(turns: &[CalleeTurn], voices: &PhraseAudio) -> Vec<ScriptStep> {
    let step = |(place, turn): (usize, &CalleeTurn)| {
        let heard_ms = if place == 0 {
            FIRST_HEARD_MS
        } else {
            LATER_HEARD_MS
        };
        let quiet = Cue::RobotQuiet {
            heard_ms,
            quiet_ms: QUIET_MS,
        };
        let cue = turn.interrupt_after_ms.map_or(quiet, |ms| Cue::Heard { ms });
        let act = match (&turn.say, turn.press) {
            (Some(text), _) => CalleeAction::Say {
                phrase: voices.place(text)?,
            },
            (None, Some(digit)) => CalleeAction::Press {
                digit,
                frames: PRESS_FRAMES,
            },
            (None, None) => CalleeAction::LetGoBy,
        };
        Some(ScriptStep { cue, act })
    };
    turns.iter().enumerate().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> CalleeTurn {
        CalleeTurn {
            say: Some(text.to_owned()),
            ..CalleeTurn::default()
        }
    }

    #[test]
    fn a_conversation_without_its_sounds_or_with_a_path_for_a_phrase_is_refused() {
        let voices = PhraseAudio::new(vec![("是的".to_owned(), vec![0; 800])]);
        assert_eq!(check(&[vec![says("是的")]], &voices), Ok(()));
        let missing = ConversationError::NoVoice("三期".to_owned());
        assert_eq!(check(&[vec![says("是的"), says("三期")]], &voices), Err(missing));
        for path in ["../x", "a.wav", " "] {
            let refused = ConversationError::Phrase(path.to_owned());
            assert_eq!(phrases(&[vec![says(path)]]), Err(refused));
        }
        let both = CalleeTurn {
            press: Some('1'),
            ..says("是的")
        };
        assert_eq!(phrases(&[vec![both]]), Err(ConversationError::Both));
        assert_eq!(
            phrases(&[vec![says("是的"); TURNS_MAX + 1]]),
            Err(ConversationError::TooLong)
        );
    }
}
