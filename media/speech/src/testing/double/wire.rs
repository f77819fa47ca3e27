//! The wire formats of the engines, from the engine's side.

use super::FunAsrServer;
use crate::recognition::protocol::WireMessage;
use crate::recognition::spec::RecognizerKind;
use serde_json::{Value, json};

/// The meaning of a client's text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClientMessage {
    Begin,
    End,
    /// A message that no engine of this kind takes: a real one would close.
    Wrong(String),
}

/// The wire format of one connection, with what its messages must repeat from earlier ones.
#[derive(Debug)]
pub(super) struct WireFormat {
    kind: RecognizerKind,
    server: FunAsrServer,
    task_id: String,
    segment: u32,
    /// True if the client has said that no more audio comes.
    ended: bool,
}

impl WireFormat {
    pub(super) const fn new(kind: RecognizerKind, server: FunAsrServer) -> Self {
        Self {
            kind,
            server,
            task_id: String::new(),
            segment: 0,
            ended: false,
        }
    }

    /// Returns the value of `is_final` in a text of FunASR's servers: in one it marks the last text, in the
    /// other it is true while the client still speaks.
    const fn is_final(&self) -> bool {
        match self.server {
            FunAsrServer::Cpp => self.ended,
            FunAsrServer::Python => !self.ended,
        }
    }

    pub(super) fn asked(&mut self, text: &str) -> ClientMessage {
        let value = serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
        let is = |place: &str, wanted: Value| value.pointer(place) == Some(&wanted);
        let begins = match self.kind {
            RecognizerKind::Vosk => is("/config/sample_rate", json!(8_000)),
            RecognizerKind::FunAsr => {
                is("/is_speaking", json!(true))
                    && is("/mode", json!("2pass"))
                    && is("/audio_fs", json!(8_000))
            }
            RecognizerKind::Nls => {
                let task_id = value.pointer("/header/task_id").and_then(Value::as_str);
                task_id.unwrap_or("").clone_into(&mut self.task_id);
                is_directive(&value, "StartTranscription") && is("/payload/format", json!("pcm"))
            }
            RecognizerKind::Sherpa | RecognizerKind::OpenAi => false,
        };
        let ends = match self.kind {
            // The real servers compare these as strings.
            RecognizerKind::Vosk => text == r#"{"eof" : 1}"#,
            RecognizerKind::Sherpa => text == "Done",
            RecognizerKind::FunAsr => is("/is_speaking", json!(false)),
            RecognizerKind::Nls => is_directive(&value, "StopTranscription"),
            RecognizerKind::OpenAi => false,
        };
        self.ended |= ends;
        match (begins, ends) {
            (true, _) => ClientMessage::Begin,
            (false, true) => ClientMessage::End,
            (false, false) => ClientMessage::Wrong(text.to_owned()),
        }
    }

    /// Returns the samples of a binary message at 8 kHz.
    pub(super) fn samples(&self, bytes: &[u8]) -> Vec<i16> {
        if self.kind == RecognizerKind::Sherpa {
            let floats = bytes.chunks_exact(4).filter_map(|four| four.try_into().ok());
            // Every second sample of 16 kHz.
            return floats
                .map(f32::from_le_bytes)
                .step_by(2)
                .map(|one| media::audio::frame::sample_from(f64::from(one) * 32_767.0))
                .collect();
        }
        let pairs = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
        pairs.map(i16::from_le_bytes).collect()
    }

    pub(super) fn begun(&self) -> Option<WireMessage> {
        (self.kind == RecognizerKind::Nls).then(|| self.nls("TranscriptionStarted", json!({})))
    }

    /// Returns a partial text: `all` has been understood so far, `more` since the last one.
    pub(super) fn partial(&self, all: &str, more: &str) -> WireMessage {
        match self.kind {
            RecognizerKind::Vosk => WireMessage::json(&json!({"partial": spaced(all)})),
            RecognizerKind::FunAsr => WireMessage::json(&json!({
                "mode": "2pass-online", "wav_name": "call", "text": more, "is_final": self.is_final(),
            })),
            RecognizerKind::Sherpa => WireMessage::json(
                &json!({"text": all, "segment": self.segment, "tokens": [], "is_final": false}),
            ),
            RecognizerKind::Nls => self.nls(
                "TranscriptionResultChanged",
                json!({"index": 1, "time": 100, "result": all}),
            ),
            RecognizerKind::OpenAi => WireMessage::Text(String::new()),
        }
    }

    pub(super) fn sentence(&mut self, text: &str) -> WireMessage {
        self.segment += 1;
        match self.kind {
            RecognizerKind::Vosk => {
                let word = json!({"word": spaced(text), "start": 0.1, "end": 0.5, "conf": 0.75});
                WireMessage::json(&json!({"text": spaced(text), "result": [word]}))
            }
            RecognizerKind::FunAsr => WireMessage::json(&json!({
                "mode": "2pass-offline", "wav_name": "call", "text": text, "is_final": self.is_final(),
            })),
            RecognizerKind::Sherpa => WireMessage::json(
                &json!({"text": text, "segment": self.segment, "tokens": [], "is_final": true}),
            ),
            RecognizerKind::Nls => {
                let payload =
                    json!({"index": 1, "time": 900, "begin_time": 0, "result": text, "confidence": 0.75});
                self.nls("SentenceEnd", payload)
            }
            RecognizerKind::OpenAi => WireMessage::Text(json!({"text": text}).to_string()),
        }
    }

    /// Returns Vosk's answer to audio without speech.
    pub(super) fn nothing(&self) -> Option<WireMessage> {
        (self.kind == RecognizerKind::Vosk).then(|| WireMessage::Text(r#"{"partial" : ""}"#.to_owned()))
    }

    /// Returns the message after a client has ended and nothing was said since.
    pub(super) fn over(&self) -> Option<WireMessage> {
        match self.kind {
            RecognizerKind::Vosk => Some(WireMessage::Text(r#"{"text" : ""}"#.to_owned())),
            // Without a mode: there is no text that could have one. The other server sends nothing and stays
            // open.
            RecognizerKind::FunAsr => (self.server == FunAsrServer::Cpp)
                .then(|| WireMessage::json(&json!({"text": "", "wav_name": "call", "is_final": true}))),
            RecognizerKind::Sherpa => Some(WireMessage::Text("Done!".to_owned())),
            RecognizerKind::Nls => Some(self.nls("TranscriptionCompleted", json!({}))),
            RecognizerKind::OpenAi => None,
        }
    }

    fn nls(&self, name: &str, payload: Value) -> WireMessage {
        let header = json!({
            "namespace": "SpeechTranscriber", "name": name, "status": 20_000_000,
            "message_id": "0".repeat(32), "task_id": self.task_id, "status_text": "Gateway:SUCCESS:Success.",
        });
        WireMessage::json(&json!({"header": header, "payload": payload}))
    }
}

/// Returns a text with spaces between its words, as Vosk's Chinese models give it.
fn spaced(text: &str) -> String {
    let characters: Vec<String> = text.chars().map(String::from).collect();
    if text.is_ascii() {
        return text.to_owned();
    }
    characters.join(" ")
}

/// Returns true if a message is this directive in NLS's form, with all members that its header must have.
fn is_directive(value: &Value, name: &str) -> bool {
    let header = |member: &str| {
        value
            .pointer(&format!("/header/{member}"))
            .and_then(Value::as_str)
    };
    let ids = ["task_id", "message_id"].map(header);
    let identified = ids.iter().all(|id| id.is_some_and(|id| id.len() == 32));
    identified
        && header("namespace") == Some("SpeechTranscriber")
        && header("appkey") == Some("APP_KEY-value")
        && header("name") == Some(name)
}
