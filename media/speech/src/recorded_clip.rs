//! A synthesizer that speaks one text by a given recording, and leaves every other text to another
//! synthesizer.
//!
//! It is for `trunk call --wav`: a trunk is tested with the audio that the user wants to hear on it.

use super::clips::{ClipError, read_clip};
use async_trait::async_trait;
use domain::ports::speech::{Clip, Prompt, SpeechError, Synthesizer};
use std::sync::Arc;

/// A synthesizer that plays a recorded clip for one text and leaves every other text to another
/// synthesizer.
pub struct RecordedClipSynthesizer {
    text: String,
    clip: Arc<Clip>,
    others: Arc<dyn Synthesizer>,
}

impl RecordedClipSynthesizer {
    /// Makes the synthesizer. `wav`: the content of a WAV file of 8 kHz, mono, 16 bit; fails for another
    /// format.
    pub fn new(text: impl Into<String>, wav: &[u8], others: Arc<dyn Synthesizer>) -> Result<Self, ClipError> {
        Ok(Self {
            text: text.into(),
            clip: Arc::new(read_clip(wav)?),
            others,
        })
    }
}

#[async_trait]
impl Synthesizer for RecordedClipSynthesizer {
    fn name(&self) -> &'static str {
        self.others.name()
    }

    fn speaks_any_text(&self) -> bool {
        self.others.speaks_any_text()
    }

    fn is_elsewhere(&self) -> bool {
        self.others.is_elsewhere()
    }

    fn speaks(&self, text: &str) -> bool {
        text == self.text || self.others.speaks(text)
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        if prompt.text == self.text {
            return Ok(Arc::clone(&self.clip));
        }
        self.others.speak(prompt).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clips::{BundledSynthesizer, write_clip};
    use crate::contract;

    fn given() -> RecordedClipSynthesizer {
        let clip = Clip {
            samples: vec![7; 800],
        };
        let wav = write_clip(&clip).unwrap();
        RecordedClipSynthesizer::new("听这个", &wav, Arc::new(BundledSynthesizer::new())).unwrap()
    }

    #[tokio::test]
    async fn a_given_clip_beside_bundled_ones_holds_the_contract() {
        contract::run_contract(&given()).await;
    }

    #[tokio::test]
    async fn only_its_own_text_sounds_as_given() {
        let prompt = Prompt {
            text: "听这个".to_owned(),
            language: "zh-CN".to_owned(),
            personal: false,
            ..Prompt::default()
        };
        assert_eq!(given().speak(&prompt).await.unwrap().samples, vec![7; 800]);
        assert!(RecordedClipSynthesizer::new("x", b"RIFF", Arc::new(BundledSynthesizer::new())).is_err());
    }
}
