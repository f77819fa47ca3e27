//! The Vosk server's websocket protocol: PCM16 in, a JSON reply to each message.
//!
//! Traps: the server compares the end message as an exact string, spaces included; Chinese words come with
//! spaces; a reply with an empty `text` is the end of a silence, not of an utterance.

use super::engine::RecognizedText;
use super::protocol::{Dialect, EngineMessage, PcmBatch, Protocol, WireMessage, add, object, text_of};
use domain::ports::recognizer::{
    Alternative, FRAME_SAMPLES, FailureClass, RecognizerFacts, RecognizerOptions, UtteranceSegmenter,
};
use domain::ports::speech::SAMPLES_PER_SECOND;
use serde_json::{Value, json};

/// Number of 20 ms frames in a message: 100 ms. The server answers each message.
const FRAMES_PER_MESSAGE: usize = 5;
/// The end message, exactly as the server compares it.
const END: &str = r#"{"eof" : 1}"#;

/// A Vosk server.
pub(super) struct Vosk {
    facts: RecognizerFacts,
}

impl Vosk {
    pub(super) const fn new(configuration: String) -> Self {
        Self {
            facts: RecognizerFacts {
                name: "vosk",
                configuration,
                rehearsal_only: false,
                gives_partials: true,
                cuts: UtteranceSegmenter::Engines,
            },
        }
    }
}

impl Dialect for Vosk {
    fn facts(&self) -> RecognizerFacts {
        self.facts.clone()
    }
    fn task(&self) -> &'static str {
        "recognizer-vosk"
    }
    fn begin(&self, order: &RecognizerOptions) -> Box<dyn Protocol> {
        Box::new(VoskExchange {
            vocabulary: order.vocabulary.clone(),
            batch: PcmBatch::new(FRAMES_PER_MESSAGE),
            ending: false,
        })
    }
}

struct VoskExchange {
    vocabulary: Vec<String>,
    batch: PcmBatch,
    ending: bool,
}

impl Protocol for VoskExchange {
    fn hello(&mut self) -> Vec<WireMessage> {
        let mut config = json!({"sample_rate": SAMPLES_PER_SECOND, "words": true});
        if !self.vocabulary.is_empty() {
            let unknown = "[unk]".to_owned();
            let phrases: Vec<&String> = self.vocabulary.iter().chain([&unknown]).collect();
            add(&mut config, "phrase_list", json!(phrases));
        }
        vec![WireMessage::json(&json!({"config": config}))]
    }

    fn audio(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Option<WireMessage> {
        self.batch.push(frame)
    }

    fn farewell(&mut self) -> Vec<WireMessage> {
        self.ending = true;
        let rest = self.batch.take();
        rest.into_iter()
            .chain([WireMessage::Text(END.to_owned())])
            .collect()
    }

    /// Parses a reply. The reply to the end message is a text like any other; the server closes the
    /// connection after it.
    fn read(&mut self, wire: &WireMessage) -> Result<EngineMessage, FailureClass> {
        let reply = object(wire)?;
        if let Some(partial) = text_of(&reply, "partial") {
            return Ok(match partial {
                "" => EngineMessage::Idle,
                partial => EngineMessage::Partial(partial.to_owned()),
            });
        }
        if let Some(alternatives) = reply.get("alternatives").and_then(Value::as_array) {
            return Ok(made_of(alternatives));
        }
        match text_of(&reply, "text") {
            Some("") if self.ending => Ok(EngineMessage::Done),
            Some("") => Ok(EngineMessage::Idle),
            Some(text) => {
                let made = RecognizedText {
                    text: text.to_owned(),
                    confidence_ratio: confidence_of(&reply),
                    alternatives: Vec::new(),
                };
                Ok(if self.ending {
                    EngineMessage::Last(made)
                } else {
                    EngineMessage::Final(made)
                })
            }
            None => Err(FailureClass::Garbled),
        }
    }
}

/// Returns the mean confidence of the reply's words; `None` if it lists none.
fn confidence_of(reply: &Value) -> Option<f64> {
    let words = reply.get("result").and_then(Value::as_array)?;
    let of_words: Vec<f64> = words
        .iter()
        .filter_map(|word| word.get("conf").and_then(Value::as_f64))
        .collect();
    let count = u32::try_from(of_words.len()).ok().filter(|count| *count > 0)?;
    Some(of_words.iter().sum::<f64>() / f64::from(count))
}

/// Converts a reply with several alternatives (`max_alternatives`) to a final text. Their confidences are
/// not ratios and are dropped.
fn made_of(alternatives: &[Value]) -> EngineMessage {
    let mut texts = alternatives.iter().filter_map(|one| text_of(one, "text"));
    match texts.next() {
        None | Some("") => EngineMessage::Idle,
        Some(best) => EngineMessage::Final(RecognizedText {
            text: best.to_owned(),
            confidence_ratio: None,
            alternatives: texts
                .map(|text| Alternative {
                    text: text.to_owned(),
                    confidence_ratio: None,
                })
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(vocabulary: &[&str]) -> Box<dyn Protocol> {
        Vosk::new("0".repeat(16)).begin(&RecognizerOptions {
            vocabulary: vocabulary.iter().map(|one| (*one).to_owned()).collect(),
            ..RecognizerOptions::default()
        })
    }

    fn read(text: &str) -> Result<EngineMessage, FailureClass> {
        exchange(&[]).read(&WireMessage::Text(text.to_owned()))
    }

    #[test]
    fn what_is_sent_is_what_the_server_compares() {
        let mut exchange = exchange(&["是 的"]);
        let hello = r#"{"config":{"phrase_list":["是 的","[unk]"],"sample_rate":8000,"words":true}}"#;
        assert_eq!(exchange.hello(), [WireMessage::Text(hello.to_owned())]);
        for _ in 0..4 {
            assert_eq!(exchange.audio(&[1; FRAME_SAMPLES]), None);
        }
        let Some(WireMessage::Binary(bytes)) = exchange.audio(&[-2; FRAME_SAMPLES]) else {
            panic!("100 ms make a message");
        };
        assert_eq!(
            (bytes.len(), &bytes[..2], &bytes[1_598..]),
            (1_600, &[1, 0][..], &[0xFE, 0xFF][..])
        );
        assert_eq!(
            exchange.farewell(),
            [WireMessage::Text(r#"{"eof" : 1}"#.to_owned())]
        );
    }

    #[test]
    fn replies_are_read_and_what_is_none_is_refused() {
        assert_eq!(
            read(r#"{"partial":"是 的"}"#),
            Ok(EngineMessage::Partial("是 的".to_owned()))
        );
        assert_eq!(read(r#"{"partial":""}"#), Ok(EngineMessage::Idle));
        assert_eq!(read(r#"{"text":""}"#), Ok(EngineMessage::Idle));
        let words = r#"{"result":[{"conf":1.0,"word":"是"},{"conf":0.5,"word":"的"}],"text":"是 的"}"#;
        let Ok(EngineMessage::Final(made)) = read(words) else {
            panic!("a text");
        };
        assert_eq!((made.text.as_str(), made.confidence_ratio), ("是 的", Some(0.75)));
        let Ok(EngineMessage::Final(made)) =
            read(r#"{"alternatives":[{"text":"三期","confidence":287.1},{"text":"三七"}]}"#)
        else {
            panic!("a text");
        };
        assert_eq!((made.text.as_str(), made.alternatives.len()), ("三期", 1));
        for garbled in [
            "",
            "[]",
            "{}",
            r#"{"text":5}"#,
            "HTTP/1.1 400",
            r#"{"result":[]}"#,
        ] {
            assert_eq!(read(garbled), Err(FailureClass::Garbled), "{garbled}");
        }
        assert_eq!(
            exchange(&[]).read(&WireMessage::Binary(vec![1])),
            Err(FailureClass::Garbled)
        );
    }
}
