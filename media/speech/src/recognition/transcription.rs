//! OpenAI-compatible transcription over HTTP: our detector cuts the utterance, and its WAV is posted.

use super::engine::{
    Engine, EngineChannels, EngineInput, EngineOutput, EngineSession, FROM_ENGINE_MAX, RecognizedText,
};
use super::segment::SegmentCutter;
use crate::clips::write_clip;
use crate::connection::HttpAddress;
use crate::http::{PostError, PostRequest, post};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::clock::Clock;
use domain::ports::recognizer::{
    FINAL_MS_MAX, FailureClass, RecognizerFacts, RecognizerOptions, UtteranceSegmenter,
};
use domain::ports::speech::Clip;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use std::collections::VecDeque;
use std::sync::Arc;

/// Most bytes of an answer; a longer one is an error.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// Most speech segments requested at once, so that a slow one does not take the time of the next.
const AT_ONCE_MAX: usize = 2;
/// Most speech segments that wait; with one more the service counts as failed, because it does not keep up.
const WAITING_MAX: usize = 4;
/// The separator between the parts of the form. It occurs in no WAV header, and the form states no lengths.
const BOUNDARY: &str = "ledgerline-2f6d5c1a9b7e4830";

/// The settings of requests to the service.
#[derive(Debug, Clone)]
pub(super) struct TranscriptionSettings {
    /// The path before `/audio/transcriptions`, for example `/v1`.
    pub(super) base: String,
    pub(super) model: String,
    pub(super) key: Option<String>,
}

/// An OpenAI-compatible transcription service.
pub(super) struct TranscriptionEngine {
    settings: Arc<TranscriptionSettings>,
    server: Arc<HttpAddress>,
    configuration: String,
}

impl TranscriptionEngine {
    pub(super) fn new(settings: TranscriptionSettings, server: HttpAddress, configuration: String) -> Self {
        Self {
            settings: Arc::new(settings),
            server: Arc::new(server),
            configuration,
        }
    }
}

impl Engine for TranscriptionEngine {
    fn facts(&self) -> RecognizerFacts {
        RecognizerFacts {
            name: "openai",
            configuration: self.configuration.clone(),
            rehearsal_only: false,
            gives_partials: false,
            cuts: UtteranceSegmenter::Ours,
        }
    }

    fn task(&self) -> &'static str {
        "recognizer-openai"
    }

    fn begin(&self, order: &RecognizerOptions) -> Box<dyn EngineSession> {
        let words: Vec<&str> = order.hot_words.iter().map(|hot| hot.word.as_str()).collect();
        Box::new(TranscriptionSession {
            settings: Arc::clone(&self.settings),
            server: Arc::clone(&self.server),
            language: order.language_code(),
            prompt: words.join(" "),
        })
    }
}

struct TranscriptionSession {
    settings: Arc<TranscriptionSettings>,
    server: Arc<HttpAddress>,
    language: String,
    /// The hot words, as the text in which these services take them.
    prompt: String,
}

#[async_trait]
impl EngineSession for TranscriptionSession {
    async fn run(self: Box<Self>, ends: EngineChannels) {
        let EngineChannels {
            mut audio,
            heard,
            clock,
        } = ends;
        let mut segments = SegmentCutter::default();
        let mut waiting: VecDeque<Vec<i16>> = VecDeque::new();
        let mut asked = FuturesOrdered::new();
        let mut finishing = false;
        loop {
            while asked.len() < AT_ONCE_MAX
                && let Some(stretch) = waiting.pop_front()
            {
                asked.push_back(self.ask(clock.as_ref(), stretch));
            }
            if finishing && asked.is_empty() {
                return;
            }
            let from = tokio::select! {
                biased;
                Some(made) = asked.next() => made.map_or_else(EngineOutput::Failed, EngineOutput::Final),
                what = audio.recv(), if !finishing => {
                    let Some(what) = what else { return };
                    finishing = what == EngineInput::Finish;
                    waiting.extend(segments.take(&what));
                    if waiting.len() <= WAITING_MAX {
                        continue;
                    }
                    EngineOutput::Failed(FailureClass::Overrun)
                }
            };
            let failed = matches!(from, EngineOutput::Failed(_));
            if heard.send(from).await.is_err() || failed {
                return;
            }
        }
    }
}

const _: () = assert!(WAITING_MAX < FROM_ENGINE_MAX);

impl TranscriptionSession {
    async fn ask(&self, clock: &dyn Clock, samples: Vec<i16>) -> Result<RecognizedText, FailureClass> {
        let wav = write_clip(&Clip { samples }).map_err(|_wav| FailureClass::Garbled)?;
        let target = format!("{}/audio/transcriptions", self.settings.base);
        let asked = PostRequest {
            target: &target,
            content_type: &format!("multipart/form-data; boundary={BOUNDARY}"),
            key: self.settings.key.as_deref(),
            body: self.form(&wav),
            answer_bytes_max: ANSWER_BYTES_MAX,
            ms_max: FINAL_MS_MAX,
        };
        let answer = post(&self.server, clock, asked).await.map_err(|error| {
            tracing::warn!(engine = %self.server, %error, "nothing was transcribed");
            class_of(&error)
        })?;
        text_of(&answer)
    }

    fn form(&self, wav: &[u8]) -> Bytes {
        let mut head = String::new();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                head.push_str(&format!(
                    "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                ));
            }
        };
        field("model", &self.settings.model);
        field("language", &self.language);
        field("response_format", "json");
        field("prompt", &self.prompt);
        head.push_str("--");
        head.push_str(BOUNDARY);
        head.push_str("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"call.wav\"\r\n");
        head.push_str("Content-Type: audio/wav\r\n\r\n");
        let mut body = head.into_bytes();
        body.extend_from_slice(wav);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        Bytes::from(body)
    }
}

fn text_of(answer: &[u8]) -> Result<RecognizedText, FailureClass> {
    let answer: serde_json::Value = serde_json::from_slice(answer).map_err(|_json| FailureClass::Garbled)?;
    let text = answer.get("text").and_then(serde_json::Value::as_str);
    Ok(RecognizedText {
        text: text.ok_or(FailureClass::Garbled)?.to_owned(),
        ..RecognizedText::default()
    })
}

const fn class_of(error: &PostError) -> FailureClass {
    match error {
        PostError::Unreachable(_) => FailureClass::Unreachable,
        PostError::Late(_) => FailureClass::Late,
        PostError::Status(status) if *status >= 500 => FailureClass::Cut,
        PostError::Status(_) => FailureClass::Denied,
        PostError::Broken(_) => FailureClass::Cut,
        PostError::TooLong(_) => FailureClass::Garbled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_holds_the_published_fields_and_the_whole_file() {
        let hearing = TranscriptionSession {
            settings: Arc::new(TranscriptionSettings {
                base: "/v1".to_owned(),
                model: "whisper-1".to_owned(),
                key: None,
            }),
            server: Arc::new(HttpAddress::new("127.0.0.1", 9, None).unwrap()),
            language: "zh".to_owned(),
            prompt: String::new(),
        };
        let form = hearing.form(b"RIFF\x00\xff");
        let shown = String::from_utf8_lossy(&form);
        for part in [
            "name=\"model\"\r\n\r\nwhisper-1\r\n",
            "name=\"language\"\r\n\r\nzh\r\n",
            "name=\"file\"; filename=",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(!shown.contains("prompt"));
        assert!(form.windows(6).any(|bytes| bytes == b"RIFF\x00\xff"));
        assert!(form.ends_with(format!("\r\n--{BOUNDARY}--\r\n").as_bytes()));
    }

    #[test]
    fn an_answer_is_a_text_or_nothing_of_the_protocol() {
        assert_eq!(text_of(br#"{"text":"hello"}"#).unwrap().text, "hello");
        for garbled in [&b"hello"[..], b"{}", br#"{"text":7}"#, b""] {
            assert_eq!(text_of(garbled), Err(FailureClass::Garbled));
        }
        assert_eq!(class_of(&PostError::Status(401)), FailureClass::Denied);
        assert_eq!(class_of(&PostError::Status(503)), FailureClass::Cut);
    }
}
