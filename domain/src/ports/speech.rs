//! The Synthesizer port: text to sound. Sound to text is the port `recognizer`.

use async_trait::async_trait;
use std::sync::Arc;

/// Samples per second of every clip and leg: G.711's (RFC 3551).
pub const SAMPLES_PER_SECOND: u32 = 8_000;

/// Mono 16-bit audio at `SAMPLES_PER_SECOND`.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    pub samples: Vec<i16>,
}

impl Clip {
    pub fn duration_ms(&self) -> u64 {
        self.samples.len() as u64 * 1_000 / u64::from(SAMPLES_PER_SECOND)
    }
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({} ms)", self.duration_ms())
    }
}

/// Longest name of a voice, in bytes.
pub const VOICE_BYTES_MAX: usize = 64;
/// Speeds that can be asked for, in hundredths of the voice's own.
pub const SPEED_PERCENT: std::ops::RangeInclusive<u16> = 50..=200;
/// Pitches that can be asked for, in hundredths of the voice's own.
pub const PITCH_PERCENT: std::ops::RangeInclusive<u16> = 50..=200;
/// How much of its speed a voice keeps when it is asked to speak more slowly.
const SLOWER_PERCENT: u16 = 80;

/// In which voice, how fast and how high; engines leave aside what they have not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// By the engine's own name; `None`: the one it speaks with otherwise.
    pub voice: Option<String>,
    /// Of its own speed.
    pub speed_percent: u16,
    /// Of its own pitch.
    pub pitch_percent: u16,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            voice: None,
            speed_percent: 100,
            pitch_percent: 100,
        }
    }
}

impl Manner {
    /// A step slower, down to the slowest that can be asked for.
    #[must_use]
    pub fn slower(&self) -> Self {
        let slower = self.speed_percent.saturating_mul(SLOWER_PERCENT) / 100;
        Self {
            speed_percent: slower.max(*SPEED_PERCENT.start()),
            ..self.clone()
        }
    }
}

/// How soon somebody is going to hear a prompt: an engine that makes only so many at once makes the sooner
/// ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// Somebody on the telephone hears nothing until then.
    #[default]
    SomebodyWaits,
    /// The first words of a call whose telephone rings.
    AtAnswer,
    /// If a call comes to it, or for who is not on the telephone at all.
    Ahead,
}

/// One text to speak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prompt {
    pub text: String,
    /// BCP 47, such as `zh-CN` or `en`.
    pub language: String,
    /// True when the text holds a personal value: it is synthesised in memory and never cached on disk.
    pub personal: bool,
    /// Plain text and values in turns, plain text first and last, for voices that have recordings of the one
    /// and speak the other; together they are the text, and empty where nothing was filled in.
    pub parts: Vec<String>,
    pub manner: Manner,
    pub urgency: Urgency,
}

/// Why nothing was spoken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    #[error("no synthesizer is installed: {0}")]
    Missing(String),
    #[error("this text is not among the bundled clips, and no synthesizer is installed")]
    NotBundled,
    #[error("the synthesizer failed: {0}")]
    Failed(String),
}

/// Text to speech.
#[async_trait]
pub trait Synthesizer: Send + Sync {
    /// Name of the provider, such as `espeak` or `clips`.
    fn name(&self) -> &'static str;
    /// True when any text can be spoken, false when only bundled clips can.
    fn speaks_any_text(&self) -> bool;
    /// True when texts leave this machine to be spoken: then personal values are sent only for words that are
    /// about to be said, and never on a guess.
    fn is_elsewhere(&self) -> bool;
    /// Whether this text can be spoken here.
    fn speaks(&self, text: &str) -> bool;
    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_stops_at_the_slowest_speed() {
        let mut manner = Manner::default();
        let speeds: Vec<u16> = (0..5)
            .map(|_| {
                manner = manner.slower();
                manner.speed_percent
            })
            .collect();
        assert_eq!(speeds, [80, 64, 51, 50, 50]);
    }
}
