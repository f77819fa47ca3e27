//! OpenAI-compatible speech over HTTP (`POST …/audio/speech`): text in, PCM or WAV out, resampled to 8 kHz.
//!
//! Prompts without personal values are cached by content, as espeak's are; a personal prompt is sent to the
//! service and not stored here. Whether personal values may be sent to it at all is decided by the operator
//! who configures it.
//!
//! A 200 alone does not prove that the body is audio: any bytes can be read as samples, and a cached clip is
//! played for ever. So the answer must have an audio type and last at least as long as its text can take, and
//! it is cached only if it states its length: on a connection that is closed at its end, a cut looks the
//! same.

use super::cache::PromptCache;
use super::connection::HttpAddress;
use super::http::{PostRequest, PostResponse, post_for_response};
use super::prompt_queue::PromptQueue;
use super::prompt_text::text_of;
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::speech::{Clip, Manner, Prompt, SpeechError, Synthesizer};
use media::audio::resampling::to_telephone_rate;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Most bytes of an answer; a longer one is an error. Five minutes at 24 kHz, 16 bit.
const ANSWER_BYTES_MAX: usize = 300 * 24_000 * 2;
/// Timeout of a request, in milliseconds: a callee must not hear more than three seconds of silence.
const ANSWER_MS_MAX: u64 = 3_000;
/// Most requests at once; further prompts wait. A service with one graphics card can serve this many.
const REQUESTS_MAX: usize = 8;
/// The default sample rate of the `pcm` format, in hertz, as the service that defined it has it.
pub const PCM_RATE_HZ: u32 = 24_000;

/// The content type that is accepted for bare samples, besides `audio/…`.
const UNNAMED: &str = "application/octet-stream";
/// Content types of compressed audio, which is refused.
const COMPRESSED: [&str; 8] = [
    "audio/mpeg",
    "audio/mp3",
    "audio/mp4",
    "audio/aac",
    "audio/ogg",
    "audio/opus",
    "audio/flac",
    "audio/webm",
];
/// Shortest plausible time for a Chinese character, in milliseconds: twice as fast as a newsreader. A
/// shorter answer is an error.
const IDEOGRAPH_MS_MIN: u64 = 80;
/// Shortest plausible time for a letter or a digit, in milliseconds; several digits may be read as one
/// word.
const LETTER_MS_MIN: u64 = 25;

/// The settings of requests to the service.
#[derive(Debug, Clone)]
pub struct SpeechSettings {
    /// The path before `/audio/speech`, for example `/v1`.
    pub base: String,
    pub model: String,
    pub voice: String,
    /// Samples per second of the service's `pcm` format.
    pub rate_hz: u32,
    pub key: Option<String>,
    pub cache_dir: Option<PathBuf>,
}

/// A synthesizer that speaks any text through an OpenAI-compatible service.
pub struct OpenAiSynthesizer {
    settings: SpeechSettings,
    server: HttpAddress,
    clock: Arc<dyn Clock>,
    cache: PromptCache,
    queue: PromptQueue,
}

impl OpenAiSynthesizer {
    pub(crate) fn new(settings: SpeechSettings, server: HttpAddress, clock: Arc<dyn Clock>) -> Self {
        Self {
            cache: PromptCache::new(settings.cache_dir.clone()),
            settings,
            server,
            clock,
            queue: PromptQueue::before(REQUESTS_MAX),
        }
    }

    /// Requests the audio of a text from the service. Returns the clip, and true if it is known to be
    /// complete.
    async fn synthesized(&self, text: &str, manner: &Manner) -> Result<(Clip, bool), SpeechError> {
        let asked = json!({
            "model": self.settings.model,
            "input": text,
            "voice": self.voice(manner),
            "response_format": "pcm",
            // The service has no parameter for the pitch.
            "speed": f64::from(manner.speed_percent) / 100.0,
        });
        let request = PostRequest {
            target: &format!("{}/audio/speech", self.settings.base),
            content_type: "application/json",
            key: self.settings.key.as_deref(),
            body: Bytes::from(asked.to_string()),
            answer_bytes_max: ANSWER_BYTES_MAX,
            ms_max: ANSWER_MS_MAX,
        };
        let answer = post_for_response(&self.server, self.clock.as_ref(), request).await;
        let answer = answer.map_err(|error| SpeechError::Failed(error.to_string()))?;
        is_sound(&answer)?;
        let clip = clip_of(&answer.body, self.settings.rate_hz)?;
        // Speech that is twice as fast takes half as long.
        let ms_min = least_ms(text) * 100 / u64::from(manner.speed_percent.max(100));
        let ms = clip.duration_ms();
        if ms < ms_min {
            let why =
                format!("its audio of {ms} ms is too short for the text, which takes at least {ms_min} ms");
            return Err(SpeechError::Failed(why));
        }
        Ok((clip, answer.tells_end))
    }

    /// Returns the voice to request: the campaign's if it names one, otherwise that of the settings.
    fn voice<'a>(&'a self, manner: &'a Manner) -> &'a str {
        manner.voice.as_deref().unwrap_or(&self.settings.voice)
    }

    fn key(&self, text: &str, manner: &Manner) -> String {
        let speed = manner.speed_percent.to_string();
        let rate = self.settings.rate_hz.to_string();
        let server = self.server.to_string();
        let settings = &self.settings;
        PromptCache::key(&[
            // Clips that were cached under the name without a number were not checked.
            "openai-2",
            &server,
            &settings.base,
            &settings.model,
            self.voice(manner),
            &rate,
            &speed,
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

    fn is_elsewhere(&self) -> bool {
        true
    }

    fn speaks(&self, _: &str) -> bool {
        true
    }

    async fn speak(&self, prompt: &Prompt) -> Result<Arc<Clip>, SpeechError> {
        let text = text_of(prompt)?;
        if prompt.personal {
            let _turn = self.queue.turn(prompt.urgency).await?;
            let spoken = self.synthesized(text, &prompt.manner).await;
            return spoken.map(|(clip, _)| Arc::new(clip));
        }
        let key = self.key(text, &prompt.manner);
        if let Some(clip) = self.cache.get(&key).await {
            return Ok(clip);
        }
        let _turn = self.queue.turn(prompt.urgency).await?;
        // The same prompt may have been synthesized while this call waited in the queue.
        if let Some(clip) = self.cache.get(&key).await {
            return Ok(clip);
        }
        let (clip, is_whole) = self.synthesized(text, &prompt.manner).await?;
        let clip = Arc::new(clip);
        if is_whole {
            self.cache.put(key, &clip).await;
        }
        Ok(clip)
    }
}

/// Returns an error unless an answer has a content type of uncompressed audio: a page of a proxy and an
/// error of the service also come with status 200.
fn is_sound(answer: &PostResponse) -> Result<(), SpeechError> {
    let kind = answer.content_type.as_deref().unwrap_or("nothing");
    let is_audio = kind.starts_with("audio/") && !COMPRESSED.contains(&kind);
    if is_audio || kind == UNNAMED {
        return Ok(());
    }
    Err(SpeechError::Failed(format!(
        "its answer is of type {kind}, not samples or WAV"
    )))
}

/// Returns the shortest plausible duration of a spoken text, in milliseconds. Signs other than letters and
/// digits count as silent.
fn least_ms(text: &str) -> u64 {
    let each = text.chars().map(|one| match one {
        '\u{3040}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' => IDEOGRAPH_MS_MIN,
        one if one.is_alphanumeric() => LETTER_MS_MIN,
        _ => 0,
    });
    each.sum()
}

/// Converts an answer to a clip at 8 kHz: a WAV if it begins as one, otherwise PCM of the rate `rate_hz`.
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
        return Err(failed("its answer is not audio".to_owned()));
    }
    let samples = to_telephone_rate(&samples, rate_hz).map_err(|error| failed(error.to_string()))?;
    Ok(Clip { samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::recognition::spec::RecognizerKind;
    use crate::testing::double::{DoubleBehavior, EngineDouble};
    use crate::testing::{JUDGES_TIME, SuiteClock};
    use std::path::Path;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn spoken_by(
        manner: DoubleBehavior,
        cache_dir: Option<PathBuf>,
    ) -> (OpenAiSynthesizer, EngineDouble) {
        let double = EngineDouble::start(RecognizerKind::OpenAi, manner, &[])
            .await
            .unwrap();
        let server = HttpAddress::new("127.0.0.1", double.address().port(), None).unwrap();
        (
            OpenAiSynthesizer::new(settings(cache_dir), server, Arc::new(SuiteClock)),
            double,
        )
    }

    fn settings(cache_dir: Option<PathBuf>) -> SpeechSettings {
        SpeechSettings {
            base: "/v1".to_owned(),
            model: "tts-1".to_owned(),
            voice: "alloy".to_owned(),
            rate_hz: PCM_RATE_HZ,
            key: Some("secret".to_owned()),
            cache_dir,
        }
    }

    fn prompt(text: &str, personal: bool) -> Prompt {
        Prompt {
            text: text.to_owned(),
            language: "zh-CN".to_owned(),
            personal,
            ..Prompt::default()
        }
    }

    #[tokio::test]
    async fn speech_over_http_holds_the_contract() {
        let (synthesizer, _double) = spoken_by(DoubleBehavior::Answers, None).await;
        contract::run_contract(&synthesizer).await;
    }

    #[tokio::test]
    async fn a_prompt_is_asked_for_once_and_a_personal_one_is_kept_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let (synthesizer, double) = spoken_by(DoubleBehavior::Answers, Some(dir.path().to_owned())).await;
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
            DoubleBehavior::Stalls,
            DoubleBehavior::Hangs,
            DoubleBehavior::Cuts,
            DoubleBehavior::Late { ms: 3_500 },
            DoubleBehavior::Garbles,
            DoubleBehavior::Swells,
            DoubleBehavior::Denies,
        ];
        let stories = manners.map(|manner| async move {
            let (synthesizer, _double) = spoken_by(manner, None).await;
            let since = SuiteClock.now();
            let spoken = synthesizer.speak(&prompt("您好", false)).await;
            (manner, spoken, SuiteClock.now().ms_since(since))
        });
        for (manner, spoken, ms) in futures_util::future::join_all(stories).await {
            assert!(spoken.is_err(), "{manner:?}");
            let is_in_time = !JUDGES_TIME || ms < ANSWER_MS_MAX + 500;
            assert!(is_in_time, "{manner:?}: {ms} ms");
        }
    }

    /// Returns a synthesizer with a service that answers every request with these bytes and closes the
    /// connection.
    #[expect(clippy::disallowed_methods, reason = "a suite's own server")]
    async fn answered_by(reply: Vec<u8>, cache_dir: &Path) -> OpenAiSynthesizer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4_096];
                let read = stream.read(&mut asked).await;
                if read.is_ok() && stream.write_all(&reply).await.is_ok() {
                    drop(stream.shutdown().await);
                }
            }
        }));
        let server = HttpAddress::new("127.0.0.1", port, None).unwrap();
        OpenAiSynthesizer::new(settings(Some(cache_dir.to_owned())), server, Arc::new(SuiteClock))
    }

    /// Returns an answer. The end of its body is given by its length, or only by the end of the connection.
    fn reply(kind: Option<&str>, body: &[u8], tells_length: bool) -> Vec<u8> {
        let kind = kind.map_or_else(String::new, |kind| format!("content-type: {kind}\r\n"));
        let length = if tells_length {
            format!("content-length: {}\r\n", body.len())
        } else {
            String::new()
        };
        let head = format!("HTTP/1.1 200 OK\r\n{kind}{length}connection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    fn pcm(ms: usize) -> Vec<u8> {
        [7_u8, 3].repeat(ms * 24)
    }

    fn kept(dir: &Path) -> usize {
        std::fs::read_dir(dir).unwrap().count()
    }

    /// Ten characters, which take more than 800 ms at any pace.
    const TEN: &str = "您好，本次通话可能会被";

    #[tokio::test]
    async fn what_is_no_sound_or_too_short_for_its_text_is_neither_spoken_nor_kept() {
        let page = "<html><body>502 Bad Gateway</body></html> ".repeat(2_000);
        for (what, reply) in [
            ("a page", reply(Some("text/html"), page.as_bytes(), true)),
            ("an error", reply(Some("application/json"), page.as_bytes(), true)),
            ("what has no type", reply(None, &pcm(2_000), true)),
            ("a compressed sound", reply(Some("audio/mpeg"), &pcm(2_000), true)),
            ("half a second", reply(Some("audio/pcm"), &pcm(500), true)),
            ("a cut one", reply(Some("audio/pcm"), &pcm(500), false)),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let synthesizer = answered_by(reply, dir.path()).await;
            for _ in 0..2 {
                let spoken = synthesizer.speak(&prompt(TEN, false)).await;
                assert!(spoken.is_err(), "{what} is spoken");
            }
            assert_eq!(kept(dir.path()), 0, "{what} is kept");
        }
    }

    #[tokio::test]
    async fn a_sound_without_a_reported_end_is_spoken_and_not_kept() {
        for (tells_length, files) in [(false, 0), (true, 1)] {
            for kind in ["audio/pcm;rate=24000", "application/octet-stream", "Audio/L16"] {
                let dir = tempfile::tempdir().unwrap();
                let synthesizer = answered_by(reply(Some(kind), &pcm(2_000), tells_length), dir.path()).await;
                let spoken = synthesizer.speak(&prompt(TEN, false)).await.unwrap();
                assert_eq!(spoken.duration_ms(), 2_000, "{kind}");
                assert_eq!(kept(dir.path()), files, "{kind}, {tells_length}");
            }
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
