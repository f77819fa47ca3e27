//! The protocol of Aliyun's intelligent speech service (`SpeechTranscriber`), which self-hosted servers copy.
//!
//! Each message is an object with `header` and `payload`. Audio may be sent after `TranscriptionStarted`.

use super::engine::RecognizedText;
use super::protocol::{Dialect, EngineMessage, PcmBatch, Protocol, WireMessage, add, object, text_of};
use domain::hex;
use domain::ports::id_source::IdSource;
use domain::ports::recognizer::{
    FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions, UtteranceSegmenter,
};
use domain::ports::speech::SAMPLES_PER_SECOND;
use serde_json::{Value, json};
use std::sync::Arc;

/// Number of 20 ms frames in a message: 100 ms, as the service advises.
const FRAMES_PER_MESSAGE: usize = 5;
/// Silence after which the service ends a sentence, in milliseconds (its own default).
const SENTENCE_SILENCE_MS: u64 = 800;
/// The status codes of a message's header that mean a fault of the client: a wrong token or key, or a
/// used-up quota.
const CLIENT_STATUS: std::ops::Range<u64> = 40_000_000..50_000_000;

/// A speech service with this protocol.
pub(super) struct Nls {
    facts: RecognizerFacts,
    app_key: String,
    /// The id of a hot word list that is stored with the service: messages cannot contain hot words.
    vocabulary: Option<String>,
    ids: Arc<dyn IdSource>,
}

impl Nls {
    pub(super) const fn new(
        configuration: String,
        app_key: String,
        vocabulary: Option<String>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            facts: RecognizerFacts {
                name: "nls",
                configuration,
                rehearsal_only: false,
                gives_partials: true,
                cuts: UtteranceSegmenter::Engines,
            },
            app_key,
            vocabulary,
            ids,
        }
    }
}

/// Returns 32 random hexadecimal digits, the form of the protocol's message and task ids.
fn draw(ids: &dyn IdSource) -> String {
    let mut bytes = [0; 16];
    ids.random(&mut bytes);
    hex::encode(&bytes)
}

impl Dialect for Nls {
    fn facts(&self) -> RecognizerFacts {
        self.facts.clone()
    }
    fn task(&self) -> &'static str {
        "recognizer-nls"
    }
    fn begin(&self, _order: &RecognizerOptions) -> Box<dyn Protocol> {
        Box::new(NlsExchange {
            app_key: self.app_key.clone(),
            ids: Arc::clone(&self.ids),
            task_id: draw(self.ids.as_ref()),
            vocabulary: self.vocabulary.clone(),
            batch: PcmBatch::new(FRAMES_PER_MESSAGE),
        })
    }
}

struct NlsExchange {
    app_key: String,
    ids: Arc<dyn IdSource>,
    /// The `task_id` of the call, the same in all its messages.
    task_id: String,
    vocabulary: Option<String>,
    batch: PcmBatch,
}

impl NlsExchange {
    fn directive(&self, name: &str, payload: Option<Value>) -> WireMessage {
        let mut directive = json!({"header": {
            "appkey": self.app_key,
            "message_id": draw(self.ids.as_ref()),
            "task_id": self.task_id,
            "namespace": "SpeechTranscriber",
            "name": name,
        }});
        if let Some(payload) = payload {
            add(&mut directive, "payload", payload);
        }
        WireMessage::json(&directive)
    }
}

impl Protocol for NlsExchange {
    fn hello(&mut self) -> Vec<WireMessage> {
        let mut payload = json!({
            "format": "pcm",
            "sample_rate": SAMPLES_PER_SECOND,
            "enable_intermediate_result": true,
            "enable_punctuation_prediction": true,
            "enable_inverse_text_normalization": true,
            "max_sentence_silence": SENTENCE_SILENCE_MS,
        });
        if let Some(vocabulary) = &self.vocabulary {
            add(&mut payload, "vocabulary_id", json!(vocabulary));
        }
        vec![self.directive("StartTranscription", Some(payload))]
    }

    fn waits_for_ready(&self) -> bool {
        true
    }

    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage> {
        self.batch.push(frame)
    }

    fn farewell(&mut self) -> Vec<WireMessage> {
        let rest = self.batch.take();
        let end = self.directive("StopTranscription", None);
        rest.into_iter().chain([end]).collect()
    }

    fn read(&mut self, wire: &WireMessage) -> Result<EngineMessage, FailureClass> {
        let event = object(wire)?;
        let header = event.get("header").ok_or(FailureClass::Garbled)?;
        if text_of(header, "task_id").is_some_and(|task_id| task_id != self.task_id) {
            return Err(FailureClass::Garbled);
        }
        let payload = event.get("payload").unwrap_or(&Value::Null);
        let result = text_of(payload, "result").unwrap_or("").to_owned();
        match text_of(header, "name") {
            Some("TranscriptionStarted") => Ok(EngineMessage::Ready),
            Some("SentenceBegin") => Ok(EngineMessage::Nothing),
            Some("TranscriptionResultChanged") => Ok(EngineMessage::Partial(result)),
            Some("SentenceEnd") => Ok(EngineMessage::Final(RecognizedText {
                text: result,
                confidence_ratio: payload.get("confidence").and_then(Value::as_f64),
                ..RecognizedText::default()
            })),
            Some("TranscriptionCompleted") => Ok(EngineMessage::Done),
            Some("TaskFailed") => {
                let status = header.get("status").and_then(Value::as_u64).unwrap_or(0);
                Err(match CLIENT_STATUS.contains(&status) {
                    true => FailureClass::Denied,
                    false => FailureClass::Cut,
                })
            }
            Some(_) | None => Err(FailureClass::Garbled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SuiteIds;

    fn exchange() -> Box<dyn Protocol> {
        let nls = Nls::new(
            "0".repeat(16),
            "app".to_owned(),
            Some("v-7".to_owned()),
            Arc::new(SuiteIds::default()),
        );
        nls.begin(&RecognizerOptions::default())
    }

    fn header_of(wire: &WireMessage) -> Value {
        object(wire).unwrap()["header"].clone()
    }

    fn event(name: &str, task_id: &Value, payload: Value) -> WireMessage {
        WireMessage::json(
            &json!({"header": {"name": name, "task_id": task_id, "status": 20_000_000}, "payload": payload}),
        )
    }

    #[test]
    fn directives_carry_their_ids_and_the_published_members() {
        let mut exchange = exchange();
        let hello = exchange.hello().remove(0);
        let header = header_of(&hello);
        assert_eq!(
            (header["namespace"].as_str(), header["name"].as_str()),
            (Some("SpeechTranscriber"), Some("StartTranscription"))
        );
        assert_eq!(object(&hello).unwrap()["payload"]["max_sentence_silence"], 800);
        assert_eq!(object(&hello).unwrap()["payload"]["vocabulary_id"], "v-7");
        let stop = header_of(exchange.farewell().last().unwrap());
        assert_eq!(stop["task_id"], header["task_id"]);
        assert_ne!(stop["message_id"], header["message_id"]);
        assert_eq!(stop["message_id"].as_str().unwrap().len(), 32);
        assert!(exchange.waits_for_ready());
    }

    #[test]
    fn events_are_read_and_a_refusal_is_distinguished_from_a_breakdown() {
        let mut exchange = exchange();
        let task = header_of(&exchange.hello()[0])["task_id"].clone();
        let mut read = |name: &str, payload: Value| exchange.read(&event(name, &task, payload));
        assert_eq!(read("TranscriptionStarted", json!({})), Ok(EngineMessage::Ready));
        assert_eq!(
            read("TranscriptionResultChanged", json!({"result": "办"})),
            Ok(EngineMessage::Partial("办".to_owned()))
        );
        let end = json!({"result": "办理。", "confidence": 0.9, "begin_time": 0, "time": 900});
        assert!(
            matches!(read("SentenceEnd", end), Ok(EngineMessage::Final(made)) if made.confidence_ratio == Some(0.9))
        );
        assert_eq!(read("TranscriptionCompleted", json!({})), Ok(EngineMessage::Done));
        assert_eq!(read("Elsewhere", json!({})), Err(FailureClass::Garbled));
        let failed =
            |status: u64| WireMessage::json(&json!({"header": {"name": "TaskFailed", "status": status}}));
        assert_eq!(exchange.read(&failed(40_000_001)), Err(FailureClass::Denied));
        assert_eq!(exchange.read(&failed(50_000_000)), Err(FailureClass::Cut));
        let strange = event("SentenceEnd", &json!("another"), json!({"result": "x"}));
        assert_eq!(exchange.read(&strange), Err(FailureClass::Garbled));
    }
}
