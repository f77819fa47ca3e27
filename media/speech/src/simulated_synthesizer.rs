//! A synthesizer for the simulation: it returns silence as long as the text would take, without a process or
//! a file.

use async_trait::async_trait;
use domain::ports::speech::{Clip, Prompt, SAMPLES_PER_SECOND, SpeechError, Synthesizer};
use std::sync::Arc;

/// Simulated duration per letter or digit, in milliseconds: Mandarin at the bundled clips' pace, about five
/// characters a second.
const CHARACTER_MS: u64 = 200;
/// Shortest clip, in milliseconds: one short word.
const CLIP_MS_MIN: u64 = 400;
/// Longest clip, in milliseconds; longer ones are cut off, so that the memory of a simulated day stays
/// bounded.
const CLIP_MS_MAX: u64 = 12_000;

/// A synthesizer that returns silence of the simulated duration for any text.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulatedSynthesizer;

/// Returns the simulated duration of a spoken text, in milliseconds: 200 per letter or digit, from 400 to
/// 12,000.
pub fn simulated_duration_ms(text: &str) -> u64 {
    let characters = text.chars().filter(|one| one.is_alphanumeric()).count() as u64;
    (characters * CHARACTER_MS).clamp(CLIP_MS_MIN, CLIP_MS_MAX)
}

#[async_trait]
impl Synthesizer for SimulatedSynthesizer {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn speaks_any_text(&self) -> bool {
        true
    }

    fn is_elsewhere(&self) -> bool {
        false
    }

    fn speaks(&self, _: &str) -> bool {
        true
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        if prompt.text.trim().is_empty() {
            return Err(SpeechError::Failed("there is nothing to say".to_owned()));
        }
        let samples = simulated_duration_ms(&prompt.text) * u64::from(SAMPLES_PER_SECOND) / 1_000;
        let samples = vec![0; usize::try_from(samples).unwrap_or(0)];
        Ok(Arc::new(Clip { samples }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn silence_holds_the_contract() {
        contract::run_contract(&SimulatedSynthesizer).await;
    }

    #[test]
    fn a_longer_text_takes_longer_up_to_a_limit() {
        assert_eq!(simulated_duration_ms("您"), CLIP_MS_MIN);
        assert_eq!(simulated_duration_ms("您好，再见。"), 800);
        assert_eq!(simulated_duration_ms(&"长".repeat(60)), CLIP_MS_MAX);
        assert_eq!(simulated_duration_ms(&"长".repeat(61)), CLIP_MS_MAX);
    }
}
