//! OpenAI-compatible speech over HTTP (`POST …/audio/speech`): text in, PCM or WAV out, resampled to 8 kHz.
//!
//! Prompts without personal values are kept by content as espeak's are; a personal prompt is sent to the
//! service and kept nowhere here. Whether personal values may be sent there at all is for whoever names it.

use super::cache::PromptCache;
use super::connection::Server;
use super::http::{Post, post};
use super::prompt_text::text_of;
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::speech::{Clip, Prompt, SpeechError, Synthesizer};
use media::audio::resample::to_telephone_rate;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Longest answer: five minutes at 24 kHz, 16 bit.
const ANSWER_BYTES_MAX: usize = 300 * 24_000 * 2;
/// Longest wait: nobody hears silence for longer than three seconds.
const ANSWER_MS_MAX: u64 = 3_000;
/// Requests at once: what a service of one graphics card serves.
const REQUESTS_MAX: usize = 8;
/// Rate of `pcm` as the service that made the form has it.
pub const PCM_RATE_HZ: u32 = 24_000;

/// How the service is asked.
#[derive(Debug, Clone)]
pub struct SpeechSettings {
    /// Before `/audio/speech`, such as `/v1`.
    pub base: String,
    pub model: String,
    pub voice: String,
    /// Samples per second of its `pcm`.
    pub rate_hz: u32,
    pub key: Option<String>,
    pub cache_dir: Option<PathBuf>,
}

/// Speaks any text through such a service.
pub struct OpenAiSynthesizer {
    settings: SpeechSettings,
    server: Server,
    clock: Arc<dyn Clock>,
    cache: PromptCache,
    requests: Semaphore,
}

impl OpenAiSynthesizer {
    pub(crate) fn new(settings: SpeechSettings, server: Server, clock: Arc<dyn Clock>) -> Self {
        Self {
            cache: PromptCache::new(settings.cache_dir.clone()),
            settings,
            server,
            clock,
            requests: Semaphore::new(REQUESTS_MAX),
        }
    }

    async fn synthesized(&self, text: &str) -> Result<Clip, SpeechError> {
        let Ok(_place) = self.requests.try_acquire() else {
            return Err(SpeechError::Failed(
                "too many prompts are being spoken".to_owned(),
            ));
        };
        let asked = json!({
            "model": self.settings.model,
            "input": text,
            "voice": self.settings.voice,
            "response_format": "pcm",
            "speed": 1.0,
        });
        let request = Post {
            target: &format!("{}/audio/speech", self.settings.base),
            content_type: "application/json",
            key: self.settings.key.as_deref(),
            body: Bytes::from(asked.to_string()),
            answer_bytes_max: ANSWER_BYTES_MAX,
            ms_max: ANSWER_MS_MAX,
        };
        let answer = post(&self.server, self.clock.as_ref(), request).await;
        let answer = answer.map_err(|error| SpeechError::Failed(error.to_string()))?;
        clip_of(&answer, self.settings.rate_hz)
    }

    fn key(&self, text: &str) -> String {
        let rate = self.settings.rate_hz.to_string();
        let server = self.server.to_string();
        let settings = &self.settings;
        PromptCache::key(&[
            "openai",
            &server,
            &settings.base,
            &settings.model,
            &settings.voice,
            &rate,
            text,
        ])
    }
}

#[async_trait]
impl Synthesizer for OpenAiSynthesizer {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn speaks_any_text(&self) -> bool {
        true
    }

    fn speaks(&self, _: &str) -> bool {
        true
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        let text = text_of(prompt)?;
        if prompt.personal {
            return self.synthesized(text).await.map(Arc::new);
        }
        let key = self.key(text);
        if let Some(clip) = self.cache.get(&key).await {
            return Ok(clip);
        }
        let clip = Arc::new(self.synthesized(text).await?);
        self.cache.put(key, &clip).await;
        Ok(clip)
    }
}

/// WAV where its header says so, else PCM of the rate that was agreed.
fn clip_of(answer: &[u8], rate_hz: u32) -> Result<Clip, SpeechError> {
    let failed = |why: String| SpeechError::Failed(why);
    let (samples, rate_hz) = if answer.starts_with(b"RIFF") {
        let reader = hound::WavReader::new(answer).map_err(|error| failed(error.to_string()))?;
        let spec = reader.spec();
        if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int
        {
            return Err(failed("its WAV is not mono 16-bit PCM".to_owned()));
        }
        let samples: Result<Vec<i16>, hound::Error> = reader.into_samples().collect();
        (
            samples.map_err(|error| failed(error.to_string()))?,
            spec.sample_rate,
        )
    } else {
        let pairs = answer.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
        (pairs.map(i16::from_le_bytes).collect(), rate_hz)
    };
    if samples.is_empty() || (!answer.len().is_multiple_of(2) && !answer.starts_with(b"RIFF")) {
        return Err(failed("its answer is no sound".to_owned()));
    }
    let samples = to_telephone_rate(&samples, rate_hz).map_err(|error| failed(error.to_string()))?;
    Ok(Clip { samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::recognition::spec::Kind;
    use crate::testing::SuiteClock;
    use crate::testing::double::{EngineDouble, Manner};

    async fn spoken_by(manner: Manner, cache_dir: Option<PathBuf>) -> (OpenAiSynthesizer, EngineDouble) {
        let double = EngineDouble::start(Kind::OpenAi, manner, &[]).await.unwrap();
        let settings = SpeechSettings {
            base: "/v1".to_owned(),
            model: "tts-1".to_owned(),
            voice: "alloy".to_owned(),
            rate_hz: PCM_RATE_HZ,
            key: Some("secret".to_owned()),
            cache_dir,
        };
        let server = Server::new("127.0.0.1", double.address().port(), None).unwrap();
        (
            OpenAiSynthesizer::new(settings, server, Arc::new(SuiteClock)),
            double,
        )
    }

    fn prompt(text: &str, personal: bool) -> Prompt {
        Prompt {
            text: text.to_owned(),
            language: "zh-CN".to_owned(),
            personal,
        }
    }

    #[tokio::test]
    async fn speech_over_http_holds_the_contract() {
        let (synthesizer, _double) = spoken_by(Manner::Answers, None).await;
        contract::holds(&synthesizer).await;
    }

    #[tokio::test]
    async fn a_prompt_is_asked_for_once_and_a_personal_one_is_kept_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let (synthesizer, double) = spoken_by(Manner::Answers, Some(dir.path().to_owned())).await;
        for _ in 0..3 {
            assert_eq!(
                synthesizer
                    .speak(&prompt("您好再见", false))
                    .await
                    .unwrap()
                    .duration_ms(),
                800
            );
        }
        assert_eq!(double.connections(), 1);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        for _ in 0..2 {
            synthesizer.speak(&prompt("张三", true)).await.unwrap();
        }
        assert_eq!(double.connections(), 3);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn every_way_to_fail_is_an_error_within_three_seconds() {
        let manners = [
            Manner::Stalls,
            Manner::Hangs,
            Manner::Cuts,
            Manner::Late { ms: 3_500 },
            Manner::Garbles,
            Manner::Swells,
            Manner::Denies,
        ];
        let stories = manners.map(|manner| async move {
            let (synthesizer, _double) = spoken_by(manner, None).await;
            let since = SuiteClock.now();
            let spoken = synthesizer.speak(&prompt("您好", false)).await;
            (manner, spoken, SuiteClock.now().ms_since(since))
        });
        for (manner, spoken, ms) in futures_util::future::join_all(stories).await {
            // What is no sound may still be as long as one: `<html>` is three samples.
            assert!(spoken.is_err() || manner == Manner::Garbles, "{manner:?}");
            assert!(ms < ANSWER_MS_MAX + 500, "{manner:?}: {ms} ms");
        }
    }

    #[test]
    fn wav_and_bare_samples_are_taken_and_the_rest_refused() {
        let pcm: Vec<u8> = [100_i16; 2_400]
            .iter()
            .flat_map(|one| one.to_le_bytes())
            .collect();
        assert_eq!(clip_of(&pcm, 24_000).unwrap().duration_ms(), 100);
        let wav = crate::clips::write_clip(&Clip {
            samples: vec![5; 800],
        })
        .unwrap();
        assert_eq!(clip_of(&wav, 24_000).unwrap().duration_ms(), 100);
        for bad in [&b""[..], b"x", b"RIFFxxxx", &[1, 2, 3]] {
            assert!(clip_of(bad, 24_000).is_err());
        }
        assert!(clip_of(&pcm, 96_000).is_err());
    }
}
