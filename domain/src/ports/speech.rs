//! The Synthesizer port: text to speech. Speech to text is the port `recognizer`.

use async_trait::async_trait;
use std::sync::Arc;

/// Samples per second of every clip and leg: the rate of G.711 (RFC 3551).
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

/// The most bytes of a voice's name.
pub const VOICE_BYTES_MAX: usize = 64;
/// The speeds that can be requested, in percent of the voice's normal speed.
pub const SPEED_PERCENT: std::ops::RangeInclusive<u16> = 50..=200;
/// The pitches that can be requested, in percent of the voice's normal pitch.
pub const PITCH_PERCENT: std::ops::RangeInclusive<u16> = 50..=200;
/// The speed after one step slower, in percent of the speed before.
const SLOWER_PERCENT: u16 = 80;

/// The voice, speed and pitch in which a text is spoken; engines ignore what they do not support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// The voice by the engine's own name; `None`: the engine's default voice.
    pub voice: Option<String>,
    /// Percent of the voice's normal speed.
    pub speed_percent: u16,
    /// Percent of the voice's normal pitch.
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
    /// Returns this manner with four fifths of the speed, but not below the slowest one that can be
    /// requested.
    #[must_use]
    pub fn slower(&self) -> Self {
        let slower = self.speed_percent.saturating_mul(SLOWER_PERCENT) / 100;
        Self {
            speed_percent: slower.max(*SPEED_PERCENT.start()),
            ..self.clone()
        }
    }
}

/// The urgency of a text's synthesis. An engine that synthesizes only a few texts at once takes the more
/// urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Urgency {
    /// A callee on the telephone hears silence until the prompt is ready.
    #[default]
    CalleeWaits,
    /// The first words of a call that is ringing.
    AtAnswer,
    /// A prompt that may be needed later, or one for a listener who is not on the telephone.
    Ahead,
}

/// One text to be synthesized.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prompt {
    pub text: String,
    /// BCP 47, for example `zh-CN` or `en`.
    pub language: String,
    /// True if the text holds a personal value: it is synthesized in memory and never cached on disk.
    pub personal: bool,
    /// The text as alternating plain text and filled-in values, plain text first and last, for voices that
    /// have recordings of the plain text and synthesize the values. Empty if no value was filled in.
    pub parts: Vec<String>,
    pub manner: Manner,
    pub urgency: Urgency,
}

/// The reasons why a text was not synthesized.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    #[error("no synthesizer is installed: {0}")]
    Missing(String),
    /// The synthesizer has no voice for this language (BCP 47).
    #[error("no voice for the language {0}")]
    NoVoice(String),
    #[error("this text is not among the bundled clips, and no synthesizer is installed")]
    NotBundled,
    #[error("the synthesizer failed: {0}")]
    Failed(String),
}

/// Text to speech.
#[async_trait]
pub trait Synthesizer: Send + Sync {
    /// Returns the provider's name, for example `espeak` or `clips`.
    fn name(&self) -> &'static str;
    /// Returns true if any text can be spoken, false if only bundled clips can.
    fn speaks_any_text(&self) -> bool;
    /// Returns true if texts leave this machine to be synthesized. Personal values are then sent only in
    /// texts that are about to be spoken, never in prompts prepared in advance.
    fn is_elsewhere(&self) -> bool;
    /// Returns true if this provider can speak the text.
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
