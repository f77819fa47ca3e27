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

/// One text to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    /// BCP 47, such as `zh-CN` or `en`.
    pub language: String,
    /// True when the text holds a personal value: it is synthesised in memory and never cached on disk.
    pub personal: bool,
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
    /// Whether this text can be spoken here.
    fn speaks(&self, text: &str) -> bool;
    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError>;
}
