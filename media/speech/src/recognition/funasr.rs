//! FunASR's websocket protocol in mode `2pass`: partial texts as increments, then each sentence whole.
//!
//! Traps: which message is which is said by `mode`, not by `is_final`; hot words are JSON within a JSON
//! string; the websocket subprotocol is `binary`; a sentence comes when the server's own detector ends it.

use super::engine::Made;
use super::protocol::{Dialect, PcmBatch, Protocol, Read, Wire, add, object, text_of};
use domain::ports::recognizer::{
    Cuts, FRAME_SAMPLES, FailureClass, HotWord, ListeningOrder, RecognizerFacts, UTTERANCE_BYTES_MAX,
};
use domain::ports::speech::SAMPLES_PER_SECOND;
use serde_json::{Map, Value, json};

/// Frames in a message: 60 ms, as its own clients send.
const FRAMES_PER_MESSAGE: usize = 3;
/// Chunks of 600 ms with 300 ms of look-ahead, and how many messages make one.
const CHUNK_SIZE: [u32; 3] = [5, 10, 5];
const CHUNK_INTERVAL: u32 = 10;

/// A FunASR server.
pub(super) struct FunAsr {
    facts: RecognizerFacts,
}

impl FunAsr {
    pub(super) const fn new(configuration: String) -> Self {
        Self {
            facts: RecognizerFacts {
                name: "funasr",
                configuration,
                rehearsal_only: false,
                gives_partials: true,
                cuts: Cuts::Engines,
            },
        }
    }
}

impl Dialect for FunAsr {
    fn facts(&self) -> RecognizerFacts {
        self.facts.clone()
    }
    fn task(&self) -> &'static str {
        "recognizer-funasr"
    }
    fn subprotocol(&self) -> Option<&'static str> {
        Some("binary")
    }
    fn begin(&self, order: &ListeningOrder) -> Box<dyn Protocol> {
        Box::new(FunAsrExchange {
            hot_words: order.hot_words.clone(),
            batch: PcmBatch::new(FRAMES_PER_MESSAGE),
            partial: String::new(),
            ending: false,
        })
    }
}

struct FunAsrExchange {
    hot_words: Vec<HotWord>,
    batch: PcmBatch,
    /// The increments of the present sentence.
    partial: String,
    ending: bool,
}

impl Protocol for FunAsrExchange {
    fn hello(&mut self) -> Vec<Wire> {
        let mut hello = json!({
            "mode": "2pass",
            "wav_name": "call",
            "is_speaking": true,
            "wav_format": "pcm",
            "audio_fs": SAMPLES_PER_SECOND,
            "chunk_size": CHUNK_SIZE,
            "chunk_interval": CHUNK_INTERVAL,
            "itn": true,
        });
        if !self.hot_words.is_empty() {
            let words: Map<String, Value> = self
                .hot_words
                .iter()
                .map(|hot| (hot.word.clone(), json!(hot.weight)))
                .collect();
            add(&mut hello, "hotwords", json!(Value::Object(words).to_string()));
        }
        vec![Wire::json(&hello)]
    }

    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<Wire> {
        self.batch.push(frame)
    }

    fn farewell(&mut self) -> Vec<Wire> {
        self.ending = true;
        let rest = self.batch.take();
        let end = Wire::json(&json!({"is_speaking": false}));
        rest.into_iter().chain([end]).collect()
    }

    fn read(&mut self, wire: &Wire) -> Result<Read, FailureClass> {
        let message = object(wire)?;
        let text = text_of(&message, "text").unwrap_or("");
        match text_of(&message, "mode") {
            Some("2pass-online" | "online") => {
                if self.partial.len() + text.len() > UTTERANCE_BYTES_MAX {
                    return Err(FailureClass::Garbled);
                }
                self.partial.push_str(text);
                Ok(match self.partial.as_str() {
                    "" => Read::Nothing,
                    partial => Read::Partial(partial.to_owned()),
                })
            }
            Some("2pass-offline" | "offline") => {
                self.partial.clear();
                let made = Made {
                    text: text.to_owned(),
                    ..Made::default()
                };
                Ok(match text {
                    "" if self.ending => Read::Done,
                    "" => Read::Nothing,
                    _ if self.ending => Read::Last(made),
                    _ => Read::Final(made),
                })
            }
            Some(_) | None => Err(FailureClass::Garbled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange() -> Box<dyn Protocol> {
        FunAsr::new("0".repeat(16)).begin(&ListeningOrder {
            hot_words: vec![HotWord {
                word: "分期".to_owned(),
                weight: 20,
            }],
            ..ListeningOrder::default()
        })
    }

    #[test]
    fn the_first_message_and_the_last_are_the_published_ones() {
        let mut exchange = exchange();
        let Wire::Text(hello) = exchange.hello().remove(0) else {
            panic!("a text");
        };
        let hello: Value = serde_json::from_str(&hello).unwrap();
        let expected = json!({
            "mode": "2pass", "wav_name": "call", "is_speaking": true, "wav_format": "pcm", "audio_fs": 8000,
            "chunk_size": [5, 10, 5], "chunk_interval": 10, "hotwords": "{\"分期\":20}", "itn": true,
        });
        assert_eq!(hello, expected);
        assert_eq!(exchange.audio(&[1; FRAME_SAMPLES]), None);
        let end = Wire::Text(r#"{"is_speaking":false}"#.to_owned());
        assert_eq!(exchange.farewell(), [Wire::Binary([1, 0].repeat(160)), end]);
    }

    #[test]
    fn increments_add_up_and_the_mode_decides_whatever_is_final_says() {
        let mut exchange = exchange();
        let mut read = |text: &str| exchange.read(&Wire::Text(text.to_owned()));
        let online = |text: &str| format!(r#"{{"mode":"2pass-online","text":"{text}","is_final":true}}"#);
        assert_eq!(read(&online("办理")), Ok(Read::Partial("办理".to_owned())));
        assert_eq!(read(&online("分期")), Ok(Read::Partial("办理分期".to_owned())));
        let offline =
            r#"{"mode":"2pass-offline","text":"办理分期。","timestamp":"[[0,200]]","is_final":false}"#;
        assert!(matches!(read(offline), Ok(Read::Final(made)) if made.text == "办理分期。"));
        assert_eq!(read(&online("好")), Ok(Read::Partial("好".to_owned())));
        for garbled in ["{}", r#"{"mode":"3pass"}"#, "null"] {
            assert_eq!(read(garbled), Err(FailureClass::Garbled));
        }
        let endless = online(&"a".repeat(3_000));
        assert!(read(&endless).is_ok());
        assert_eq!(
            read(&endless),
            Err(FailureClass::Garbled),
            "increments without end"
        );
    }
}
